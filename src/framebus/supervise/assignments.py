"""Which worker has which piece of work: given, answered, lost, given again, given up. Pure: time is an argument.

A piece is blamed for the death of a worker only when that was its own doing: the worker crashed, or ran over the time
limit on this piece, twice. A crash counts only where the piece was alone with the worker: the first one, in company,
makes it a suspect, which is tried again alone.
Whoever was merely near, and whoever is killed from outside, is given to the next worker as if nothing had happened.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable, Iterator
from math import inf
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

from framebus.supervise.leases import Leases

W = TypeVar("W", bound=Hashable)
V = TypeVar("V")

_OLD = 0.8
"""How much of a running mean is what was before."""

Ending = Literal["crashed", "overdue", "killed"]
"""How a worker came to lose what it had: by itself, because it took too long, or through somebody else."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How much is put up with before a piece is given up."""

    depth: int = 2
    """Pieces that a worker has at most: the one it works on, and those that wait for it."""
    short_s: float = 0.05
    """Only where pieces take less time than that do some wait for a busy worker: another may be free sooner."""
    crashes: int = 2
    """So often a piece may crash a worker that has nothing else, or run over its time."""
    kills: int = 16
    """So often its worker may be killed by others; whatever kills it does not get tired."""
    limit_s: float | None = None
    """Time for one piece; None: as long as it takes."""


class Turn(NamedTuple, Generic[W, V]):
    """Give this piece to this worker now."""

    worker: W
    key: int
    work: V


class Assignments(Generic[W, V]):
    """Pieces of work by number, and the workers that have them. Lower numbers come first."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.patience = patience or Patience()
        self._new: deque[Piece[V]] = deque()
        self._again: list[tuple[int, Piece[V]]] = []
        self._suspects: deque[Piece[V]] = deque()
        self._workers: dict[W, _Bench[V]] = {}
        self._mean_s = inf
        """What pieces took lately."""

    def __len__(self) -> int:
        """Pieces that are not settled."""
        waiting = len(self._new) + len(self._again) + len(self._suspects)
        return waiting + sum(len(bench.leases) for bench in self._workers.values())

    @property
    def idle(self) -> bool:
        """True while a worker could take more than there is."""
        return not (self._new or self._again or self._suspects) and any(map(self._has_room, self._workers.values()))

    def put(self, key: int, work: V) -> None:
        """A new piece; its number is higher than all before."""
        self._new.append(Piece(key, work))

    def arrived(self, worker: W) -> None:
        """It takes work from now on."""
        self._workers[worker] = _Bench()

    def take(self, now: float) -> Turn[W, V] | None:
        """What to give to whom next; None where there is no work, or nobody is free for it."""
        bench, worker = self._freest()
        if bench is None or worker is None:
            return None
        if self._suspects:
            if not bench.leases:
                return self._lend(worker, bench, self._suspects.popleft(), now, alone=True)
            bench, worker = self._freest(but=worker)  # the freest one is kept free for the suspect
            if bench is None or worker is None:
                return None
        if self._again:
            return self._lend(worker, bench, heapq.heappop(self._again)[1], now)
        return self._lend(worker, bench, self._new.popleft(), now) if self._new else None

    def settled(self, worker: W, key: int, now: float) -> bool:
        """The worker says something about a piece; False where it does not have it, as with a late answer."""
        bench = self._workers.get(worker)
        if bench is None or bench.leases.settle(key) is None:
            return False
        took_s = now - bench.since
        self._mean_s = took_s if self._mean_s == inf else _OLD * self._mean_s + (1 - _OLD) * took_s
        bench.alone = False
        bench.since = now
        return True

    def lost(self, worker: W, ending: Ending) -> Piece[V] | None:
        """The worker is gone; the piece that is given up for it, if any. The rest is given again."""
        bench = self._workers.pop(worker, None)
        if bench is None:
            return None
        blamed, innocent = bench.leases.lose(at_work=True)
        for piece in innocent:
            heapq.heappush(self._again, (piece.key, piece))
        return None if blamed is None else self._judged(blamed, ending, bench.alone)

    def overdue(self, now: float) -> Iterator[W]:
        """Workers that have been on one piece for longer than the limit."""
        if (limit_s := self.patience.limit_s) is not None:
            for worker, bench in self._workers.items():
                if bench.leases and now >= bench.since + limit_s:
                    yield worker

    def deadline(self) -> float | None:
        """When `overdue` may next have somebody (monotonic seconds); None where nobody is timed."""
        if self.patience.limit_s is None:
            return None
        since = [bench.since for bench in self._workers.values() if bench.leases]
        return min(since) + self.patience.limit_s if since else None

    def withdraw(self) -> list[V]:
        """All that is not settled, in order; nothing is left."""
        pieces = [piece for _, piece in self._again] + [*self._suspects, *self._new]
        for bench in self._workers.values():
            pieces += bench.leases.lose(at_work=False)[1]
        for waiting in (self._again, self._suspects, self._new):
            waiting.clear()
        return [piece.work for piece in sorted(pieces, key=lambda piece: piece.key)]

    # who is free, who is to blame ----------------------------------------------------------------------------

    def _freest(self, but: W | None = None) -> tuple[_Bench[V] | None, W | None]:
        """The worker with the least to do that can have more."""
        best: tuple[_Bench[V] | None, W | None] = (None, None)
        least = self._depth
        for worker, bench in self._workers.items():
            if len(bench.leases) < least and not bench.alone and worker != but:
                least, best = len(bench.leases), (bench, worker)
        return best

    @property
    def _depth(self) -> int:
        return self.patience.depth if self._mean_s <= self.patience.short_s else 1

    def _has_room(self, bench: _Bench[V]) -> bool:
        return len(bench.leases) < self._depth and not bench.alone

    def _lend(self, worker: W, bench: _Bench[V], piece: Piece[V], now: float, *, alone: bool = False) -> Turn[W, V]:
        if not bench.leases:
            bench.since = now
        bench.leases.lend(piece.key, piece)
        bench.alone = alone
        return Turn(worker, piece.key, piece.work)

    def _judged(self, piece: Piece[V], ending: Ending, alone: bool) -> Piece[V] | None:
        if ending == "killed":
            piece.kills += 1
            if piece.kills >= self.patience.kills:
                return piece
            heapq.heappush(self._again, (piece.key, piece))
            return None
        piece.crashes += alone or ending == "overdue"
        if piece.crashes >= self.patience.crashes:
            return piece
        self._suspects.append(piece)
        return None


class Piece(Generic[V]):
    """One piece of work and its record."""

    __slots__ = ("crashes", "key", "kills", "work")

    def __init__(self, key: int, work: V) -> None:
        self.key = key
        self.work = work
        self.crashes = 0
        """How often it took a worker with it that had nothing else."""
        self.kills = 0
        """How often its worker was killed by somebody else."""

    def __lt__(self, other: Piece[V]) -> bool:
        return self.key < other.key


class _Bench(Generic[V]):
    """What one worker has."""

    __slots__ = ("alone", "leases", "since")

    def __init__(self) -> None:
        self.leases: Leases[int, Piece[V]] = Leases()
        self.alone = False
        """It has one piece, and gets no other before that is settled."""
        self.since = 0.0
        """When it began with the piece it is at (monotonic seconds)."""
