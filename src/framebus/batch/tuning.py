"""A worker process made fit for pictures: one thread each, an upper limit of memory, an end to what hangs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def one_thread() -> None:
    """Let OpenCV, where it is loaded, work in the calling thread: the other cores have workers of their own."""
    if (cv2 := sys.modules.get("cv2")) is not None:
        cv2.setNumThreads(1)


def limit_memory(nbytes: int) -> None:
    """Refuse this process more than `nbytes` of address space, besides what it has; 0: no limit.

    What needs more fails with `MemoryError` instead of bringing the machine to its knees.
    """
    if not nbytes or sys.platform == "win32":
        return
    import resource

    wanted = _address_space() + nbytes
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


class Alarm:
    """Ends this process when one picture takes longer than `limit_s`: the kernel does it, whatever hangs.

    The process is told apart by how it ends, `SIGALRM`. Nothing happens where `limit_s` is 0, and on Windows.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s if hasattr(signal, "setitimer") else 0.0
        if self._limit_s:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def set(self) -> None:
        """Begin with a picture."""
        if self._limit_s:
            signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let no time pass for the picture meanwhile."""
        left_s = signal.setitimer(signal.ITIMER_REAL, 0.0)[0] if self._limit_s else 0.0
        try:
            yield
        finally:
            if left_s:
                signal.setitimer(signal.ITIMER_REAL, left_s)

    def clear(self) -> None:
        """Wait for work: that may take as long as it takes."""
        if self._limit_s:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
