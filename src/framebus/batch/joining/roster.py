"""Which of the workers that joined has which picture. Pure: time is an argument.

A worker has one at a time and asks for the next when it is free. Whatever it does not answer in time, or at all, is
given back, and nobody is blamed: those who decide about a picture are our own workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from math import ceil
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V")

AHEAD_S = 0.5
"""So much work is kept for them, so that they need not wait for who hands it out."""
_LEAST, _MOST = 2, 64
_NEWER = 0.3
"""What the newest measurement counts."""


class Lease(NamedTuple, Generic[V]):
    """What a worker has."""

    work: V
    since: float


class Roster(Generic[V]):
    """Work that was set aside for workers, and what each of them has of it."""

    def __init__(self, limit_s: float) -> None:
        """`limit_s`: how long a worker may take for one piece."""
        self._limit_s = limit_s
        self._stock: deque[V] = deque()
        self._idle: dict[bytes, None] = {}
        """In the order in which they asked."""
        self._leases: dict[bytes, Lease[V]] = {}
        self._returned: list[V] = []
        self._each_s = 0.0

    def __len__(self) -> int:
        """Workers that take part."""
        return len(self._idle) + len(self._leases)

    @property
    def pending(self) -> int:
        """Pieces that are set aside, at work, or given back and not taken yet."""
        return len(self._stock) + len(self._leases) + len(self._returned)

    @property
    def hungry(self) -> bool:
        """Whether more should be set aside."""
        deep = ceil(AHEAD_S / self._each_s) if self._each_s > AHEAD_S / _MOST else _MOST if self._each_s else _LEAST
        return bool(len(self)) and len(self._stock) < len(self) * max(_LEAST, deep)

    def put(self, works: Iterable[V]) -> None:
        """Set these aside."""
        self._stock.extend(works)

    def asks(self, worker: bytes) -> None:
        """It is free. Had it something, that was lost on the way, or given up."""
        self._drop(worker)
        self._idle[worker] = None

    def turns(self, now: float) -> Iterator[tuple[bytes, V]]:
        """Who gets what now."""
        while self._stock and self._idle:
            worker = next(iter(self._idle))
            del self._idle[worker]
            self._leases[worker] = Lease(self._stock.popleft(), now)
            yield worker, self._leases[worker].work

    def has(self, worker: bytes) -> V | None:
        """What it is working on."""
        lease = self._leases.get(worker)
        return None if lease is None else lease.work

    def answers(self, worker: bytes, now: float) -> V | None:
        """It is done with what it has, which is taken from it; None where it has nothing."""
        lease = self._leases.pop(worker, None)
        if lease is None:
            return None
        took_s = max(now - lease.since, 1e-6)
        self._each_s += (took_s - self._each_s) * (_NEWER if self._each_s else 1.0)
        return lease.work

    def gone(self, worker: bytes) -> None:
        """It does not take part any more."""
        self._idle.pop(worker, None)
        self._drop(worker)

    def dissolve(self) -> None:
        """None of them takes part any more."""
        for worker in [*self._idle, *self._leases]:
            self.gone(worker)

    def give_back(self, work: V) -> None:
        """It has to be done by somebody else."""
        self._returned.append(work)

    def late(self, now: float) -> list[bytes]:
        """Workers that took too long, and have nothing now: they are heard of again when they ask."""
        late = [worker for worker, lease in self._leases.items() if now - lease.since >= self._limit_s]
        for worker in late:
            self._drop(worker)
        return late

    def take_back(self, *, stock: bool) -> list[V]:
        """What somebody else has to do: what was given back, and what is still set aside where that is meant, too."""
        returned, self._returned = self._returned, []
        if stock or not len(self):
            returned += self._stock
            self._stock.clear()
        return returned

    def _drop(self, worker: bytes) -> None:
        if (lease := self._leases.pop(worker, None)) is not None:
            self._returned.append(lease.work)
