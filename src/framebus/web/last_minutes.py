"""The last minutes of one stream, second by second, for the plots."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

KEPT_S = 300


class Second(NamedTuple):
    """What happened in one second."""

    at_s: int
    """Seconds since 1970."""
    frames: int
    missed: int
    bytes: int
    age_ms: float | None
    """How old the oldest picture of that second was when it came here; None where none came."""


class History:
    """The last five minutes. Fed from one thread."""

    def __init__(self) -> None:
        self.seconds: deque[Second] = deque(maxlen=KEPT_S)
        self._age_ms: float | None = None
        self._clear()

    def note(self, missed: int, nbytes: int, age_s: float) -> None:
        """A picture came, `age_s` old (NaN: unknown)."""
        self._frames += 1
        self._missed += missed
        self._bytes += nbytes
        if age_s == age_s:
            self._age_ms = max(self._age_ms or 0.0, age_s * 1e3)

    def tick(self, at_s: int) -> Second:
        """A second is over, the one that began at `at_s`."""
        second = Second(at_s, self._frames, self._missed, self._bytes, self._age_ms)
        self.seconds.append(second)
        self._clear()
        return second

    def _clear(self) -> None:
        self._frames = self._missed = self._bytes = 0
        self._age_ms = None
