"""Whether it is light or dark in a part of the picture."""

from __future__ import annotations

import numpy as np

from framebus.compat.imagenode.debounce import Changes
from framebus.compat.imagenode.detector_region import Array

LIGHTED, DARK = "lighted", "dark"


def share_lit(gray: Array, threshold: int) -> float:
    """Percent of the pixels of `gray` (height, width; uint8) that are at least `threshold` bright."""
    return 100 * float(np.count_nonzero(gray >= threshold)) / gray.size


class Light:
    """`lighted` where at least `percent` of the pixels are at least `threshold` bright, else `dark`.

    Both need `min_frames` in a row. The first state is an event, too.
    """

    def __init__(self, *, threshold: int, percent: float, min_frames: int) -> None:
        self._threshold = threshold
        self._percent = percent
        self._changes = Changes({LIGHTED: min_frames, DARK: min_frames})

    @property
    def state(self) -> str:
        """What it is now; empty before that is known."""
        return self._changes.state or ""

    def look(self, gray: Array) -> str | None:
        """The new state where this picture `(height, width)` of uint8 makes it change, else None."""
        lit = share_lit(gray, self._threshold) >= self._percent
        return self._changes.see(LIGHTED if lit else DARK)
