"""Whether something moves in a part of the picture: each picture is compared with an average of those before."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from framebus.compat.imagenode.debounce import Changes
from framebus.compat.imagenode.detector_region import Array

MOVING, STILL = "moving", "still"
WEIGHT = 0.5
"""Of the newest picture in the average."""


def blur(gray: Array, kernel: int) -> Array:
    """`gray` (height, width; uint8) blurred as by a Gauss kernel `kernel` pixels wide, as float32.

    The standard deviation is what such a kernel usually has: 0.3 ((kernel - 1)/2 - 1) + 0.8 pixels.
    """
    if kernel > 1:
        deviation = 0.3 * ((kernel - 1) / 2 - 1) + 0.8
        gray = np.asarray(Image.fromarray(gray).filter(ImageFilter.GaussianBlur(deviation)))
    return gray.astype(np.float32)


def share_changed(picture: Array, average: Array, threshold: float) -> float:
    """Percent of the pixels that differ from the average by more than `threshold`."""
    return 100 * float(np.count_nonzero(np.abs(picture - average) > threshold)) / picture.size


class Motion:
    """`moving` or `still`; begins as still.

    A frame moves where at least `min_area` percent of its pixels differ by more than `delta_threshold` from the
    average of the frames before it. `min_motion_frames` and `min_still_frames` in a row make the state change.
    """

    def __init__(
        self,
        *,
        delta_threshold: float,
        min_area: float,
        min_motion_frames: int,
        min_still_frames: int,
        blur_kernel_size: int,
    ) -> None:
        self._threshold = delta_threshold
        self._area = min_area
        self._kernel = blur_kernel_size
        self._average: Array | None = None
        self._changes = Changes({MOVING: min_motion_frames, STILL: min_still_frames}, STILL)

    @property
    def state(self) -> str:
        """What it is now."""
        return self._changes.state or ""

    def look(self, gray: Array) -> str | None:
        """The new state where this picture `(height, width)` of uint8 makes it change, else None."""
        picture = blur(gray, self._kernel)
        before = self._average
        if before is None or before.shape != picture.shape:  # the first, or the camera changed its size
            self._average = picture
            return None
        self._average = (1 - WEIGHT) * before + WEIGHT * picture
        changed = share_changed(picture, before, self._threshold)
        return self._changes.see(MOVING if changed >= self._area else STILL)
