"""A descriptor that is readable while something is there to take."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

SLICE_S = 0.5
"""Longest sleep in one piece: Python notices a signal that comes just before a sleep only after it."""


class Bell:
    """Level-triggered: readable from `ring()` to `hush()`, whoever waits on it and however often.

    Not thread-safe by itself; its owner holds a lock around all but `fileno()`.
    """

    def __init__(self) -> None:
        if sys.platform == "linux":
            self._read = self._write = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        else:
            self._read, self._write = os.pipe()
            os.set_blocking(self._read, False)
            os.set_blocking(self._write, False)
        self._ringing = False
        self._closed = False

    def fileno(self) -> int:
        """The descriptor to select on; stays the same until `close()`."""
        return self._read

    def ring(self) -> None:
        """Make the descriptor readable."""
        if not self._ringing and not self._closed:
            os.write(self._write, b"\1\0\0\0\0\0\0\0")
            self._ringing = True

    def hush(self) -> None:
        """Make the descriptor quiet again."""
        if self._ringing and not self._closed:
            with suppress(BlockingIOError):
                os.read(self._read, 8)
            self._ringing = False

    def close(self) -> None:
        """Give the descriptor back; idempotent."""
        if not self._closed:
            self._closed = True
            for descriptor in {self._read, self._write}:
                os.close(descriptor)
