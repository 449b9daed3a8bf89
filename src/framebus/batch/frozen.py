"""Worker processes that somebody has stopped (SIGSTOP, a debugger): noticed, and ended when they stay that way.

What limits the time of a picture is a timer of the worker itself, whose signal a stopped process does not get.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

LOOK_S = 0.2
"""How often to look."""
_STOPPED = frozenset({b"T", b"t"})


class Frozen:
    """Ends the children that were stopped for `limit_s`. Used by one thread, which looks again and again.

    Only time that this process has seen is counted: where all of them are stopped together, and go on together, nothing
    is ended. Does nothing where the system does not tell (it has no `/proc`).
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._looked = clock()
        self._stopped: dict[int, float] = {}
        """For how long, by process id."""

    def look(self, pids: Iterable[int]) -> list[int]:
        """Look after these processes, children of this one; those that were ended for being stopped too long."""
        now = self._clock()
        passed = now - self._looked
        if passed < LOOK_S:
            return []
        self._looked = now
        stopped = [pid for pid in pids if is_stopped(pid)]
        self._stopped = {pid: self._stopped.get(pid, 0.0) + min(passed, 5 * LOOK_S) for pid in stopped}
        return [pid for pid, for_s in self._stopped.items() if for_s >= self._limit_s and _end(pid)]


def is_stopped(pid: int) -> bool:
    """Whether that is a child of this process, and stopped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, parent, *_ = file.read().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return False
    return state in _STOPPED and int(parent) == os.getpid()


def _end(pid: int) -> bool:
    """Kill it, and nobody who got its number meanwhile."""
    with suppress(OSError, AttributeError):
        descriptor = os.pidfd_open(pid)
        try:
            if is_stopped(pid):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
        finally:
            os.close(descriptor)
    return False
