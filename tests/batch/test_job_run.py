"""How a job gives work and hears what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from framebus.batch.hands import Hands
from framebus.batch.job_run import Run
from framebus.batch.outcome import PLAIN, Outcome
from framebus.batch.piece import Chunk, Piece, Result
from framebus.batch.tally import Tally

WORKERS = 3


class Listed:
    """So many inputs, all known."""

    def __init__(self, found: int) -> None:
        self.found, self.complete, self.seen = found, True, 0

    def __iter__(self) -> Iterator[Piece]:
        while self.seen < self.found:
            self.seen += 1
            name = f"{self.seen}.png"
            yield Piece(f"/in/{name}", name, name)

    def reserve(self, piece: Piece, counts: object) -> str:
        return ""


class Quick(Hands):
    """Workers who are done before anybody can give them more; each input takes 25 ms."""

    workers = WORKERS

    def __init__(self) -> None:
        self.unheard: list[Chunk] = []
        self.most_unheard = 0
        self.sizes: list[int] = []
        self.limits: list[float] = []

    free = True

    @property
    def busy(self) -> bool:
        return bool(self.unheard)

    def give(self, chunk: Chunk) -> None:
        self.unheard.append(chunk)
        self.sizes.append(len(chunk.pieces))
        self.most_unheard = max(self.most_unheard, len(self.unheard))

    def results(self, limit_s: float) -> list[Result]:
        self.limits.append(limit_s)
        heard, self.unheard = self.unheard, []
        outcome = Outcome("done", "", (PLAIN,))
        return [Result(chunk, [outcome] * len(chunk.pieces), 0.025 * len(chunk.pieces)) for chunk in heard]

    def close(self) -> None:
        assert not self.unheard


def worked(count: int) -> Quick:
    """A job of so many inputs, which all have to be done."""
    hands = Quick()
    listed = cast(Any, Listed(count))
    tally = Tally(None, listed)
    assert Run(listed, listed, lambda: hands, tally).finish() == ""
    assert tally.finish({}, "").done == count
    return hands


def test_it_hears_of_what_is_done_while_workers_could_always_take_more() -> None:
    hands = worked(1000)
    assert hands.most_unheard == WORKERS
    assert max(hands.sizes) == 10  # which it could not have learnt otherwise: 250 ms, of 25 ms each


def test_it_waits_only_where_there_is_nothing_more_to_give_now() -> None:
    *while_there_was_more, last = worked(WORKERS * 2 + 1).limits
    assert set(while_there_was_more) == {0.0}
    assert last > 0
