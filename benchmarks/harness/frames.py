"""Frames that carry their number in their own first and last pixels, over private random memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.uint8]

SIZES: dict[str, tuple[int, int, int]] = {
    "100KB": (200, 167, 3),
    "230KB": (240, 320, 3),
    "920KB": (480, 640, 3),
    "1.44MB": (600, 800, 3),
    "6MB": (1000, 2000, 3),
    "25MB": (2160, 3840, 3),
}
"""Name of a size to its shape `(height, width, channels)`, uint8."""

FRAME_SIZES = ("230KB", "920KB", "6MB", "25MB")
"""Those of the transport table."""

PROBE = 0
"""Number of the frames with which a sender finds out that its readers have joined."""

_SOURCE_BYTES = 64_000_000


class Frames:
    """A ring of random frames, larger than the caches and than any window, so that every transport moves bytes."""

    _first, _last = 0, -1
    """The words of eight bytes that carry the number."""

    def __init__(self, shape: tuple[int, ...], window: int) -> None:
        count = max(_SOURCE_BYTES // int(np.prod(shape)), window + 3)
        self._frames = self._made((count, *shape))
        self._words = self._frames.reshape(count, -1).view(np.uint64)

    @property
    def nbytes(self) -> int:
        """Bytes of one frame."""
        return int(self._frames[0].nbytes)

    def numbered(self, number: int) -> Array:
        """The next frame of the ring with `number` in its first and last words."""
        at = number % len(self._frames)
        self._words[at, self._first] = self._words[at, self._last] = number
        frame: Array = self._frames[at]
        return frame

    def _made(self, shape: tuple[int, ...]) -> Array:
        return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def number_of(frame: Array) -> int:
    """The number in the frame's pixels; proves that both its ends are there."""
    ends = frame.reshape(-1).view(np.uint64)
    first, last = int(ends[0]), int(ends[-1])
    if first != last:
        raise ValueError(f"torn frame: it starts as number {first} and ends as {last}")
    return first
