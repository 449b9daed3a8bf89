"""Waiting for a frame's moment, so that anybody can end the wait."""

from __future__ import annotations

import threading

from framebus.core import clock
from framebus.core.errors import OptionError


class Pace:
    """Moments `fps` times a second, for one thread; `stop` may come from any thread, at any time.

    `fps=0` never waits. Who is late by more than one interval goes on from now instead of hurrying after.
    """

    def __init__(self, fps: float) -> None:
        self._interval_ns = int(1e9 / fps) if fps else 0
        self._stopped = threading.Event()
        self._due_ns = 0

    @property
    def stopped(self) -> bool:
        """True after `stop`."""
        return self._stopped.is_set()

    def wait(self) -> bool:
        """Wait for the next moment; False when it was stopped."""
        if not self._interval_ns:
            return not self.stopped
        now_ns = clock.mono_ns()
        if self._due_ns < now_ns - self._interval_ns:
            self._due_ns = now_ns
        going_on = self.wait_until(self._due_ns)
        self._due_ns += self._interval_ns
        return going_on

    def wait_until(self, due_ns: int) -> bool:
        """Wait until monotonic `due_ns`, not at all when it has passed; False when it was stopped."""
        return not self._stopped.wait(max(0, due_ns - clock.mono_ns()) * 1e-9)

    def stop(self) -> None:
        """End this and every later wait."""
        self._stopped.set()


def parse_fps(value: float | str) -> float:
    """Frames per second as a number from 0 (do not wait) to a million; raises `OptionError` for anything else."""
    try:
        fps = float(value)
    except (TypeError, ValueError):
        fps = -1.0
    if not 0 <= fps <= 1e6:
        raise OptionError(f"fps={value!r} is not possible: give frames per second, 0 for as fast as possible")
    return fps
