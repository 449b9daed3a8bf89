"""Room on the disk, taken before it is needed, so that a library never meets a full disk in the middle of a write."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from functools import cache
from typing import Any

from framebus.core.errors import Unavailable

AHEAD = 32 * 1024 * 1024
"""Taken at a time, where there is so much."""
_KEEP_SIZE = 1
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Room:
    """Blocks behind the end of the open file `descriptor` (borrowed); its size does not change.

    Where the file system cannot do that, free space is looked at instead.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path
        self._end = 0

    def need(self, end: int) -> None:
        """Make sure that the file can grow to `end` bytes; raises `Unavailable` naming what is needed and free."""
        if end <= self._end:
            return
        for wanted in (end + AHEAD, end):
            if self._take(wanted):
                self._end = wanted
                return
        raise full(self._path, end - self._size())

    def give_back(self) -> None:
        """Free what was taken and not used."""
        self._end = 0
        os.ftruncate(self._descriptor, self._size())

    def _take(self, end: int) -> bool:
        start = self._size()
        length = max(1, end - start)
        fallocate = _fallocate()
        if fallocate is None:
            return free(self._path) >= length
        if fallocate(self._descriptor, _KEEP_SIZE, start, length) == 0:
            return True
        return ctypes.get_errno() not in _FULL and free(self._path) >= length

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


def free(path: str) -> int:
    """Bytes that may still be written where `path` is."""
    return shutil.disk_usage(os.path.dirname(path) or ".").free


def full(path: str, needed: int) -> Unavailable:
    """What to raise where `needed` bytes more do not fit."""
    return Unavailable(
        f"{path}: the disk is full, {needed:,} bytes are needed and {free(path):,} are free: make room and start "
        "again; what was written is kept"
    )


@cache
def _fallocate() -> Any:
    try:
        function = ctypes.CDLL(None, use_errno=True).fallocate
    except (AttributeError, OSError, TypeError):  # not Linux
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong)
    return function
