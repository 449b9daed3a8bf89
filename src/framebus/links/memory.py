"""How much memory this process has and may have, and giving the system back what it has freed."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable


def resident_bytes() -> int:
    """Memory of this process in RAM, in about ten microseconds; 0 where the system does not say."""
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(descriptor, 128).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(descriptor)


def total_bytes() -> int:
    """Memory this process can hope for: the machine's, or its container's if that is less; 8 GiB where unknown."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 8 << 30
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            return min(total, int(file.read()))
    except (OSError, ValueError):  # no container, or no limit ("max")
        return total


def give_back() -> None:
    """Return freed memory to the system. glibc keeps what was freed in small pieces; other C libraries do not."""
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, TypeError, OSError):
        return lambda _: None
