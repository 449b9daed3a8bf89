"""What the C library's allocator does with freed memory: keep it, rather than fetch it anew page by page.

Memory that was handed back to the kernel comes again as pages of zeros, 4 KB and a fault at a time; for pictures that
come and go that costs as much as copying them. glibc raises its limits by itself once it has seen larger blocks freed,
up to those set here.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

KEPT_BYTES = 64 << 20
"""At most so much unused memory is kept at the end of each heap: to where glibc's own learning leads."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MOST_FROM_HEAPS_BYTES = 32 << 20
"""Larger blocks are always fetched from the kernel: no more can be set."""
_USERS_OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")

_kept = 0


def keep_freed(nbytes: int = KEPT_BYTES) -> None:
    """Let this process keep up to `nbytes` of what it frees at the end of each heap; never less than asked before.

    Only glibc has these settings, and where the user's environment has some, they stay; nothing happens then. From any
    thread.
    """
    global _kept
    if sys.platform != "linux" or nbytes <= _kept or any(name in os.environ for name in _USERS_OWN):
        return
    _kept = nbytes
    with suppress(AttributeError, OSError):  # another C library
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, _MOST_FROM_HEAPS_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, nbytes)
