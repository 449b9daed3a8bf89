"""Locks on files that the kernel frees when their process dies, however it dies."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    AVAILABLE = False
else:
    import fcntl

    AVAILABLE = True


def lock(descriptor: int, *, wait: bool = True) -> bool:
    """Take the lock of the open file `descriptor`, which its closing frees; False when it is taken and not `wait`.

    A lock belongs to the open file: a forked child shares it until it closes its copy. Where the system has no such
    locks (Windows) this is True at once, and `AVAILABLE` is False.
    """
    if not AVAILABLE:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
