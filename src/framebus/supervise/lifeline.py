"""In a child process: never outlive the parent that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.5


def die_with(parent: int) -> None:
    """Make sure that this process is killed when `parent`, its parent process, has gone.

    On Linux the kernel does it, as soon as the *thread* that started this process ends, so start it from one that
    lasts. Elsewhere a thread looks twice a second, and needs Python to run at all.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), name="framebus-lifeline", daemon=True).start()
    if os.getppid() != parent:  # it went before the kernel was told
        os._exit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(0)
