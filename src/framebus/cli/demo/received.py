"""What one reader saw of one stream, proven by the numbers written into the pictures."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from framebus.core.frame import Frame
from framebus.memory.region import Region

WINDOW_S = 3.0
"""The stretch of time over which rates are shown."""


SILENCE_S = 1.0
"""After so long without a frame, rates sink."""


class Rates(NamedTuple):
    """Per second, over the last three."""

    frames: float
    missed: float


class Seen:
    """Counts what a reader was told that it missed beside what the numbers in the pixels say. Pure: time is given.

    `cycle` is how many pictures there are before the numbers begin again (a clip played in a loop), 0 for never.
    """

    def __init__(self, reader: str, stream: str, cycle: int = 0) -> None:
        self.reader = reader
        self.stream = stream
        self.frames = 0
        self.counted = 0
        """Frames that `frame.missed` told of since the first one."""
        self.real = 0
        """Frames that the numbers in the pixels say were left out since the first one."""
        self.unreadable = 0
        """Pictures whose number could not be read."""
        self.age_s: float | None = None
        """Age of the frame in hand, when it was taken."""
        self.oldest_s = 0.0
        """The largest of these ages, the first few frames left out: while everything starts, everything is late."""
        self.picture = ""
        """Size and pixel format of the newest frame, and its `nbytes`."""
        self.nbytes = 0
        self.in_place: bool | None = None
        """Whether the pixels of every frame lay in its publisher's memory; None while there was none."""
        self._cycle = cycle
        self._last: int | None = None
        self._marks: deque[tuple[float, int, int]] = deque()

    @property
    def proven(self) -> bool:
        """Whether every gap was counted, and nothing else."""
        return self.counted == self.real and self.unreadable == 0

    def see(self, frame: Frame, number: int | None, now: float) -> None:
        """Note a frame taken at monotonic `now`, with the `number` read from its pixels."""
        self.age_s = frame.age_s
        self.picture = f"{frame.image.shape[1]}x{frame.image.shape[0]} {frame.format}"
        self.nbytes = frame.nbytes
        self.in_place = self.in_place is not False and in_shared_memory(frame.data)
        self.frames += 1
        if self.frames > 10:
            self.oldest_s = max(self.oldest_s, self.age_s)
        if number is None:
            self.unreadable += 1
        elif self._last is not None:
            self.counted += frame.missed
            self.real += self._between(self._last, number)
        self._last = number
        self._marks.append((now, self.frames, self.counted))
        while self._marks[0][0] < now - WINDOW_S:
            self._marks.popleft()

    def rates(self, now: float) -> Rates:
        """Frames and missed frames per second until monotonic `now`."""
        if not self._marks:
            return Rates(0.0, 0.0)
        (since, frames, counted), (until, _, _) = self._marks[0], self._marks[-1]
        span = now - since if now - until > SILENCE_S else until - since
        if span <= 0:
            return Rates(0.0, 0.0)
        return Rates((self.frames - frames) / span, (self.counted - counted) / span)

    def _between(self, last: int, number: int) -> int:
        gap = number - last - 1
        return gap % self._cycle if self._cycle else gap


def in_shared_memory(pixels: Any) -> bool:
    """Whether an array or a buffer shows memory that processes share: what it was made from is looked through."""
    while pixels is not None and not isinstance(pixels, Region):
        pixels = pixels.obj if isinstance(pixels, memoryview) else getattr(pixels, "base", None)
    return pixels is not None
