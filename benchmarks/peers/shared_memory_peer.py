"""`multiprocessing.shared_memory` with semaphores: a ring of four slots, two semaphores for each reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from multiprocessing.synchronize import Semaphore

import numpy as np

from benchmarks.harness.frames import SIZES, Array
from benchmarks.harness.processes import FORK
from benchmarks.peers.base import Peer, Receive, Send, Wire, stamp

_SLOTS = 4
_HEAD = 4096
_SLOT = _HEAD + max(int(np.prod(shape)) for shape in SIZES.values()) // 4096 * 4096 + 4096


@dataclass(frozen=True)
class Ring:
    """One segment for all frames, and who may write and who may read: `(free, filled)` for each reader."""

    memory: SharedMemory
    gates: tuple[tuple[Semaphore, Semaphore], ...]

    def place(self, number: int, shape: tuple[int, ...]) -> Array:
        """The pixels of the slot of frame `number`."""
        return np.ndarray(shape, np.uint8, self.memory.buf, number % _SLOTS * _SLOT + _HEAD)

    def head(self, number: int) -> Array:
        """The shape that stands before them."""
        return np.ndarray(3, np.int64, self.memory.buf, number % _SLOTS * _SLOT)


class Copied(Peer):
    """As in tutorials: copied in by the sender, and out by each reader, which may keep what it has."""

    listens = "either"
    max_window = _SLOTS

    def prepare(self, wire: Wire) -> Ring:
        memory = SharedMemory(create=True, size=_SLOTS * _SLOT)
        return Ring(memory, tuple((FORK.Semaphore(_SLOTS), FORK.Semaphore(0)) for _ in wire.ports))

    def discard(self, inherited: Ring) -> None:
        inherited.memory.close()
        inherited.memory.unlink()

    def sender(self, wire: Wire) -> Send:
        return _writer(wire.inherited, np.copyto)

    def receiver(self, wire: Wire, index: int) -> Receive:
        ring: Ring = wire.inherited
        free, filled = ring.gates[index]
        number = -1

        def receive() -> Array:
            nonlocal number
            number += 1
            filled.acquire()
            frame = ring.place(number, tuple(ring.head(number))).copy()
            free.release()
            return frame

        return receive


class InPlace(Copied):
    """Made in the slot and read there: good until the next frame is asked for."""

    def sender(self, wire: Wire) -> Send:
        return _writer(wire.inherited, stamp)

    def receiver(self, wire: Wire, index: int) -> Receive:
        ring: Ring = wire.inherited
        free, filled = ring.gates[index]
        number = -1

        def receive() -> Array:
            nonlocal number
            if number >= 0:
                free.release()
            number += 1
            filled.acquire()
            return ring.place(number, tuple(ring.head(number)))

        return receive


def _writer(ring: Ring, write: Callable[[Array, Array], None]) -> Send:
    number = -1

    def send(frame: Array) -> None:
        nonlocal number
        number += 1
        for free, _ in ring.gates:
            free.acquire()
        ring.head(number)[:] = frame.shape
        write(ring.place(number, frame.shape), frame)
        for _, filled in ring.gates:
            filled.release()

    return send
