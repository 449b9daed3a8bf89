"""Ops that remember: the mean of the last frames, and every so many of them."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.ops.arguments import number, whole
from framebus.ops.dtypes import rounded
from framebus.ops.op import Op
from framebus.ops.picture import Pictured, answer, pixels

Array = npt.NDArray[Any]

_SMALL = ("bool", "uint8", "uint16")
_MOST = 1000


class Average(Op):
    """The mean of the last frames of each stream, in the picture's own type: less noise where nothing moves.

    count  how many; before that many were seen, the mean of all, and of all of one size
    """

    example = "average=10"
    remembers = True

    def __init__(self, count: int = 10) -> None:
        self._count = whole("count", count, 1, _MOST)
        self._sums: dict[str, _Sum] = {}

    def one(self, frame: Pictured) -> Pictured:
        """The mean with this frame as the latest."""
        image = pixels(frame, self.name())
        stream = frame.stream if isinstance(frame, Frame) else ""
        known = self._sums.get(stream)
        if known is None or not known.fits(image):
            known = self._sums[stream] = _Sum(image, self._count)
        return answer(frame, known.mean_with(image))


class _Sum:
    """The last pictures, and their sum: exact for whole numbers."""

    def __init__(self, like: Array, count: int) -> None:
        self._like = like.shape, like.dtype
        self._last: deque[Array] = deque()
        self._count = count
        self._running = like.dtype.name in _SMALL
        self._sum: Array = np.zeros(like.shape, np.uint32 if self._running else np.float64)

    def fits(self, image: Array) -> bool:
        return (image.shape, image.dtype) == self._like

    def mean_with(self, image: Array) -> Array:
        if len(self._last) == self._count:
            self._forget(self._last.popleft())
        self._last.append(image.copy())  # a frame kept is shared memory that its publisher misses
        return self._mean(image, len(self._last))

    def _forget(self, image: Array) -> None:
        if self._running:
            self._sum -= image

    def _mean(self, image: Array, count: int) -> Array:
        if self._running:
            self._sum += image
            return np.asarray((self._sum + count // 2) // count).astype(image.dtype)
        np.copyto(self._sum, self._last[0])  # anew each time: what is no number would stay in a running sum
        for kept in list(self._last)[1:]:
            self._sum += kept
        return rounded(self._sum / count, image.dtype)


class Sample(Op):
    """Every so manieth frame of each stream; the others are dropped.

    every    passes the first of so many
    max_fps  instead: passes at most so many a second, evenly, by when they were captured
    """

    example = "sample=5"
    remembers = True

    def __init__(self, every: int | None = None, *, max_fps: float | None = None) -> None:
        if (every is None) == (max_fps is None):
            raise OptionError("give one of every and max_fps")
        self._every = 0 if every is None else whole("every", every, 1, 10**9)
        self._period_ns = 0 if max_fps is None else round(1e9 / number("max_fps", max_fps, 1e-6, 1e6))
        self._seen: dict[str, int] = {}
        self._opens_ns: dict[str, int] = {}

    def one(self, frame: Frame | Array) -> Frame | Array | None:
        """`frame`, or None where it is dropped; an array counts as captured now."""
        stream, captured_ns = (frame.stream, frame.captured_ns) if isinstance(frame, Frame) else ("", 0)
        passes = self._counted(stream) if self._every else self._timed(stream, captured_ns or clock.utc_ns())
        return frame if passes else None

    def _counted(self, stream: str) -> bool:
        number = self._seen.get(stream, 0)
        self._seen[stream] = (number + 1) % self._every
        return number == 0

    def _timed(self, stream: str, now_ns: int) -> bool:
        opens_ns = self._opens_ns.get(stream, now_ns)
        if now_ns < opens_ns <= now_ns + self._period_ns:  # further away, the clock was set back: begin anew
            return False
        on_time = 0 <= now_ns - opens_ns < self._period_ns
        self._opens_ns[stream] = (opens_ns if on_time else now_ns) + self._period_ns
        return True
