"""What this process and its workers take of the machine."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

FAMILY_S = 5.0
"""How often to look who the children are: that goes through all processes of the machine."""


class Appetite:
    """Processor time per second between two looks, memory, and how many they are. Used by one thread."""

    def __init__(self) -> None:
        self._family = [psutil.Process()]
        self._seen_at = 0.0
        self._used: dict[int, float] = {}
        self._before = time.monotonic()

    def now(self) -> tuple[float, int, int]:
        """Seconds of processor time per second since the last look; bytes of memory, and workers, now."""
        before, self._before = self._before, time.monotonic()
        self._look_round(self._before)
        used, memory = {}, 0
        for process in self._family:
            with suppress(psutil.Error):
                times = process.cpu_times()
                used[process.pid] = times.user + times.system
                memory += process.memory_info().rss
        spent_s = sum(seconds - self._used.get(pid, 0.0) for pid, seconds in used.items())
        self._used = used
        return max(0.0, spent_s) / max(1e-3, self._before - before), memory, max(0, len(used) - 1)

    def _look_round(self, now: float) -> None:
        if self._seen_at and now - self._seen_at < FAMILY_S:
            return
        self._seen_at = now
        with suppress(psutil.Error):
            self._family[1:] = self._family[0].children(recursive=True)
