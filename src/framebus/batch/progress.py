"""How far a job is."""

from __future__ import annotations

from collections import deque

import msgspec

WINDOW_S = 10.0
"""The rate is that of the last so many seconds."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A job at one moment."""

    comparing: bool = False
    """The speed-up is being measured, before the job itself."""
    total: int | None = None
    """Inputs; None while they are still being listed."""
    found: int = 0
    """Inputs so far."""
    done: int = 0
    """Finished with what was wanted, earlier runs of the job included."""
    failed: int = 0
    """Failures and quarantined."""
    rate: float = 0.0
    """Inputs per second, lately."""
    workers: int = 0
    """Processes at work; 0: this one."""
    elapsed_s: float = 0.0

    @property
    def settled(self) -> int:
        """Inputs that need no more work."""
        return self.done + self.failed

    @property
    def left_s(self) -> float | None:
        """Seconds that it will take at this rate; None where nobody knows."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0, self.total - self.settled) / self.rate


class Pace:
    """The rate of the last seconds. Pure: time is an argument."""

    def __init__(self, now: float) -> None:
        self._marks: deque[tuple[float, int]] = deque([(now, 0)])

    def mark(self, now: float, count: int) -> None:
        """So many were settled in this run by `now`."""
        if now - self._marks[-1][0] >= WINDOW_S / 100:
            self._marks.append((now, count))
            while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
                self._marks.popleft()

    def rate(self, now: float, count: int) -> float:
        """Per second, since the oldest mark."""
        since, before = self._marks[0]
        return (count - before) / (now - since) if now > since else 0.0
