"""Chunks worked on by an executor of somebody else: `concurrent.futures`, MPI, loky, a cluster."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait

from framebus.batch.chunk_worker import Answer, code_of, work
from framebus.batch.hands import Hands
from framebus.batch.piece import Chunk, Piece, Result, heard, packed
from framebus.batch.recipe import Recipe
from framebus.batch.stores.urls import absolute
from framebus.core.errors import Unavailable

_AHEAD = 3
"""Chunks that each of its workers has at most."""


def workers_of(executor: Executor) -> int:
    """How many it has, as far as it says; else as many as this machine has cores."""
    known = getattr(executor, "_max_workers", None)
    return known if isinstance(known, int) else os.cpu_count() or 1


class Executing(Hands):
    """An executor, which is not shut down. Its workers need this package, and to reach inputs and outputs by path."""

    def __init__(self, recipe: Recipe, executor: Executor, workers: int) -> None:
        self.workers = workers
        self._executor = executor
        self._code = code_of(recipe)
        self._out: dict[Future[Answer], Chunk] = {}
        self._again: set[int] = set()
        """Single inputs that were given up once."""

    @property
    def free(self) -> bool:
        return len(self._out) < _AHEAD * self.workers

    @property
    def busy(self) -> bool:
        return bool(self._out)

    def give(self, chunk: Chunk) -> None:
        try:
            future = self._executor.submit(work, self._code, packed(map(_anywhere, chunk.pieces)))
        except (BrokenExecutor, RuntimeError) as error:
            raise self._broken(error) from error
        self._out[future] = chunk

    def results(self, limit_s: float) -> list[Result]:
        done, _ = wait(self._out, limit_s, FIRST_COMPLETED)
        results = [self._result(future, self._out.pop(future)) for future in done]
        return [result for result in results if result is not None]

    def close(self) -> None:
        for future in self._out:
            future.cancel()
        self._out.clear()

    def _result(self, future: Future[Answer], chunk: Chunk) -> Result | None:
        """What came of it; None where it is tried once more."""
        if future.cancelled():  # by whoever has the executor: it is being shut down
            raise self._broken(CancelledError("it cancelled what it was given"))
        error = future.exception()
        if error is None:
            seconds, outcomes = future.result()
            return Result(chunk, heard(outcomes), seconds)
        if isinstance(error, BrokenExecutor):
            raise self._broken(error) from error
        if len(chunk.pieces) == 1 and chunk.number not in self._again:
            self._again.add(chunk.number)
            self.give(chunk)
            return None
        return Result(chunk, given_up=f"its workers gave it up, twice: {type(error).__name__}: {error}")

    def _broken(self, error: BaseException) -> Unavailable:
        return Unavailable(f"{type(self._executor).__name__} does not work any more: {type(error).__name__}: {error}")


def _anywhere(piece: Piece) -> Piece:
    """For processes that may be in another folder."""
    return piece._replace(path=absolute(piece.path))
