"""Our own workers, and those of an older program beside them."""

from __future__ import annotations

from framebus.batch.hands import Hands
from framebus.batch.joining.older_workers import Guests
from framebus.batch.piece import Chunk, Piece, Result


class Joined(Hands):
    """Gives work to `own` and to `guests`; what guests do not do, or not well, `own` decides about."""

    def __init__(self, own: Hands, guests: Guests) -> None:
        self.workers = own.workers
        self.target_s = own.target_s
        self._own = own
        self._guests = guests
        self._number = 0
        """Of the last chunk that our own workers got."""

    @property
    def free(self) -> bool:
        return self._own.free or self._guests.hungry

    @property
    def busy(self) -> bool:
        return self._own.busy or self._guests.busy

    def give(self, chunk: Chunk) -> None:
        self._to_own(self._guests.put(chunk.pieces) if self._guests.hungry else list(chunk.pieces))

    def results(self, limit_s: float) -> list[Result]:
        idle = limit_s > 0 and self._own.free  # after all that there is was given: there is no more for them
        if self._own.busy:
            results = self._own.results(limit_s)
        else:
            results = []
            self._guests.wait(limit_s)
        results += [Result(Chunk(0, [piece]), [outcome]) for piece, outcome in self._guests.finished()]
        for piece in self._guests.take_back(stock=idle):
            self._to_own([piece])
        return results

    def close(self) -> None:
        self._guests.close()
        self._own.close()
        self.lost = self._own.lost

    def _to_own(self, pieces: list[Piece]) -> None:
        if pieces:
            self._number += 1
            self._own.give(Chunk(self._number, pieces))
