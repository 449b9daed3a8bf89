"""When a message to a worker is full: which frames travel together. Pure: time is an argument."""

from __future__ import annotations

from math import inf, prod
from typing import Protocol

import numpy as np

from framebus.core.frame import Frame
from framebus.supervise.chunks import Chunking

SMALL_BYTES = 256 << 10
"""A larger frame travels alone: what a message costs is little beside what its pixels do."""
MOST_FRAMES = 64
MOST_BYTES = 4 << 20
TARGET_S = 0.004
"""A message holds no more than takes its worker so long: nobody else waits for what is in it for much longer."""
QUICK_S = 0.0005
"""Frames travel together that follow each other within this time, which is about what a message costs."""
HOLD_S = 0.002
"""No frame waits longer than that for others."""


class Filling(Protocol):
    """Looks at frames as they come. Used by one thread."""

    def fits(self, nbytes: int) -> bool:
        """Whether a frame of so many bytes may travel with those before it."""
        ...

    def full(self, nbytes: int, now: float) -> bool:
        """It has come, at `now` (monotonic seconds); True where the message is to go."""
        ...

    def overdue(self, now: float) -> bool:
        """Whether frames have waited long enough; `inf`: nothing more will come for a while."""
        ...

    def sent(self, now: float) -> None:
        """The message is on its way, and the next one begins."""
        ...

    def learn(self, frames: int, seconds: float) -> None:
        """So many frames together took a worker so long."""
        ...


class InBatches(Filling):
    """So many in each message, however long that takes."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._waiting = 0

    def fits(self, nbytes: int) -> bool:
        return True

    def full(self, nbytes: int, now: float) -> bool:
        self._waiting += 1
        return self._waiting >= self._frames

    def overdue(self, now: float) -> bool:
        return False

    def sent(self, now: float) -> None:
        self._waiting = 0

    def learn(self, frames: int, seconds: float) -> None:
        return


class AsTheyCome(Filling):
    """Small frames together while they come quickly and are soon worked on; each other one by itself, at once."""

    def __init__(self, workers: int) -> None:
        self._chunking = Chunking(workers, TARGET_S, most=MOST_FRAMES)
        self._waiting = 0
        self._bytes = 0
        self._since = inf
        self._last = -inf
        """When the newest frame came, or the message before it had been sent."""
        self._followed = False
        """The newest frame came within `QUICK_S` of that."""
        self._most = self._chunking.size()

    def fits(self, nbytes: int) -> bool:
        return not self._waiting or (nbytes <= SMALL_BYTES and self._bytes + nbytes <= MOST_BYTES)

    def full(self, nbytes: int, now: float) -> bool:
        if not self._waiting:
            self._since = now
        self._waiting += 1
        self._bytes += nbytes
        return not self._quick(now) or nbytes > SMALL_BYTES or self._waiting >= self._most or self.overdue(now)

    def overdue(self, now: float) -> bool:
        return self._waiting > 0 and now - self._since >= HOLD_S

    def _quick(self, now: float) -> bool:
        """Whether the source is; one pause may be that of whoever takes the results."""
        before = self._followed
        self._followed, self._last = now - self._last <= QUICK_S, now
        return before or self._followed

    def sent(self, now: float) -> None:
        self._waiting = self._bytes = 0
        self._last = now

    def learn(self, frames: int, seconds: float) -> None:
        self._chunking.learn(frames, seconds)
        self._most = self._chunking.size()


def size(frame: Frame) -> int:
    """Bytes of its pixels, decoded, and of what else is with them."""
    content = frame.content
    own = content.nbytes if isinstance(content, np.ndarray) else prod(content.shape) * content.dtype.itemsize
    return own + sum(array.nbytes for _, array in frame.extra) if frame.extra else own
