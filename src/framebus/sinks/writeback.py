"""Bytes begin their way to the disk while more are written, instead of all at once when the system thinks of it."""

from __future__ import annotations

import ctypes
from functools import cache
from queue import SimpleQueue
from threading import Thread
from typing import Any

AT_ONCE = 8 * 1024 * 1024
"""Bytes that begin their way together."""
_WRITE = 2
_SPAN = tuple[int, int]
"""Where it begins, and how long it is."""


class Writeback:
    """Of the open file `descriptor`, borrowed until `close`. For one thread, which never waits for the disk here.

    Left alone, Linux keeps gigabytes in memory, and whoever syncs, or writes when there are too many, waits for all of
    them; here a thread of its own waits. Nothing is promised: what has to survive a power cut is forced by whoever
    needs that. Nothing happens on other systems.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._nbytes = self._low = self._high = 0
        self._spans: SimpleQueue[_SPAN | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closing = False

    def wrote(self, at: int, nbytes: int) -> None:
        """So many bytes were written there."""
        self._low = min(self._low, at) if self._nbytes else at
        self._high = max(self._high, at + nbytes) if self._nbytes else at + nbytes
        self._nbytes += nbytes
        if self._nbytes >= AT_ONCE:
            self._nbytes = 0
            self._begin((self._low, self._high - self._low))

    def close(self) -> None:
        """The descriptor is not used any more; what has not begun by now is left to the system. Idempotent."""
        self._closing = True
        if self._thread is not None:
            self._spans.put(None)
            self._thread.join()
            self._thread = None

    def _begin(self, span: _SPAN) -> None:
        if _sync_file_range() is None:
            return
        if self._thread is None:
            self._thread = Thread(target=self._run, name="framebus writeback", daemon=True)
            self._thread.start()
        self._spans.put(span)

    def _run(self) -> None:
        while (span := self._spans.get()) is not None and not self._closing:
            _sync_file_range()(self._descriptor, *span, _WRITE)  # where that cannot be, they go later


@cache
def _sync_file_range() -> Any:
    try:
        function = ctypes.CDLL(None, use_errno=True).sync_file_range
    except (AttributeError, OSError, TypeError):  # not Linux
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong, ctypes.c_uint)
    return function
