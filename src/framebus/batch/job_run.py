"""A job on its way: inputs found, given to whoever works, settled, counted, written down; stopped when asked."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, islice

from framebus.batch.hands import Hands
from framebus.batch.inputs import Listing
from framebus.batch.piece import Chunk, Piece, Result
from framebus.batch.selection import Selection
from framebus.batch.tally import Tally
from framebus.supervise.chunks import Chunking

TICK_S = 0.2
"""How often to see whether somebody asks to stop."""
GRACE_S = 5.0
"""How long what is in flight may take to finish once somebody has asked to stop."""
STOPPED = "it was asked to stop"


class Run:
    """Gives the pieces of `selection` to whoever works, until none is left. `stop` from anywhere, else one thread.

    Those who work are there only while there is work: `start` makes them, `finish` closes them.
    """

    def __init__(self, listing: Listing, selection: Selection, start: Callable[[], Hands], tally: Tally) -> None:
        self._listing = listing
        self._selection = selection
        self._pieces: Iterator[Piece] = iter(selection)
        self._start = start
        self._tally = tally
        self._alone: deque[Piece] = deque()
        """Pieces of chunks that cost their workers: which of them it was shows when each is tried alone."""
        self._number = 0
        self._exhausted = False
        self._stopping = False

    def stop(self) -> None:
        """Finish what is in flight, and nothing else."""
        self._stopping = True

    def finish(self) -> str:
        """Work until everything is settled; why it is not, or nothing. Raises what keeps all from working."""
        first = next(self._pieces, None)
        if first is not None:
            self._pieces = chain((first,), self._pieces)
            with self._start() as hands:
                self._tally.report.workers = hands.workers
                self._work(hands)
            self._tally.report.lost_workers = hands.lost
        return self._tally.ends or (STOPPED if self._stopping else "")

    def _work(self, hands: Hands) -> None:
        chunking = Chunking(hands.workers, hands.target_s)
        deadline: float | None = None
        while True:
            more = self._give(hands, chunking)
            if not hands.busy and (self._over or (self._exhausted and not self._alone)):
                return
            for result in hands.results(0.0 if more else TICK_S):
                self._settle(result, chunking)
            if self._over and deadline is None:
                deadline = time.monotonic() + GRACE_S
            if deadline is not None and time.monotonic() > deadline:
                return

    @property
    def _over(self) -> bool:
        return self._stopping or bool(self._tally.ends)

    def _give(self, hands: Hands, chunking: Chunking) -> bool:
        """Give a chunk for each worker at most: many may be done as quickly as they are given more, and somebody has to
        hear of it. Whether there may be more to give at once."""
        for _ in range(max(1, hands.workers)):
            if self._over or not hands.free or not (pieces := self._next(chunking)):
                return False
            self._number += 1
            hands.give(Chunk(self._number, pieces))
        return True

    def _next(self, chunking: Chunking) -> list[Piece]:
        if self._alone:
            return [self._alone.popleft()]
        left = self._listing.found - self._selection.seen if self._listing.complete else None
        pieces = list(islice(self._pieces, chunking.size(left)))
        self._exhausted = not pieces
        return pieces

    def _settle(self, result: Result, chunking: Chunking) -> None:
        if not result.given_up:
            chunking.learn(len(result.outcomes), result.seconds)
            self._tally.settled(result, self._selection.reserve)
        elif len(result.chunk.pieces) > 1:
            self._alone.extend(result.chunk.pieces)
        else:
            self._tally.quarantine(result.chunk.pieces[0], result.given_up)
