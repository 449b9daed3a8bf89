"""Counters in shared memory: what was offered, what arrived, and how late."""

from __future__ import annotations

import mmap
import time

import numpy as np
import numpy.typing as npt

from benchmarks.harness.frames import Array

GREETING = 0
"""In place of the time, in frames that only prove that a connection works."""

_OFFERED, _ARRIVED, _START_NS, _FIELDS = 0, 1, 2, 8


class Board:
    """Shared by forked processes. Every field has one writer: each load its own count, the hub what arrived."""

    def __init__(self, loads: int, most_frames: int) -> None:
        self._most = most_frames
        memory = mmap.mmap(-1, 8 * (_FIELDS * (loads + 1) + most_frames))
        words = np.frombuffer(memory, np.int64)
        self._fields = words[: _FIELDS * (loads + 1)].reshape(loads + 1, _FIELDS)
        self._late_ns = words[_FIELDS * (loads + 1) :]

    def arrived(self, frame: Array) -> None:
        """The hub has this frame as an array; its first eight bytes are the time at which it was offered, or
        `GREETING`, which does not count."""
        sent_ns = int(frame.reshape(-1)[:8].view(np.int64)[0])
        if sent_ns == GREETING:
            return
        count = int(self._fields[0, _ARRIVED])
        self._late_ns[count % self._most] = time.monotonic_ns() - sent_ns
        self._fields[0, _ARRIVED] = count + 1

    @property
    def arrivals(self) -> int:
        """How many frames the hub has had."""
        return int(self._fields[0, _ARRIVED])

    def late_ms(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """How late the frames from number `first` to before `last` were, in milliseconds."""
        return self._late_ns[first:last] / 1e6

    def start(self, at_ns: int) -> None:
        """Tell the loads when to begin."""
        self._fields[0, _START_NS] = at_ns

    def await_start(self) -> int:
        """Wait to be told; the time at which to begin."""
        while not (at_ns := int(self._fields[0, _START_NS])):
            time.sleep(0.005)
        return at_ns

    def offer(self, load: int, count: int) -> None:
        """Load number `load` has offered `count` frames so far."""
        self._fields[load + 1, _OFFERED] = count

    @property
    def offered(self) -> int:
        """How many frames all loads offered."""
        return int(self._fields[1:, _OFFERED].sum())
