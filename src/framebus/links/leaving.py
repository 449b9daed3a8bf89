"""What is open when the process ends is let go in order: the ends, what drives them, and what they stand on."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable

from framebus.links.owned import abandon_all
from framebus.links.reactor import stop


class _Process:
    """What this process lets go; a forked child has nothing of its parent's to free."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.registered = False
        self.last: list[Callable[[], None]] = []

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.last = []


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


def tidy_at_exit() -> None:
    """Let what was sent leave before the process ends, however it ends in Python; called when a link is opened."""
    with _process.lock:
        if not _process.registered:
            _process.registered = True
            atexit.register(_tidy, os.getpid())


def free_last(free: Callable[[], None]) -> None:
    """Call `free` then, once no end is open any more."""
    with _process.lock:
        _process.last.append(free)


def _tidy(pid: int) -> None:
    if os.getpid() != pid:
        return
    abandon_all()
    stop()
    for free in _process.last:
        free()
