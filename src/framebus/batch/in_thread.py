"""Chunks worked on in the thread that gives them."""

from __future__ import annotations

import time

from framebus.batch.hands import Hands
from framebus.batch.piece import Chunk, Result
from framebus.batch.recipe import Recipe
from framebus.batch.task import Task


class Here(Hands):
    """This thread, in which `give` returns when the chunk is done."""

    workers = 0

    def __init__(self, recipe: Recipe) -> None:
        self._task = Task(recipe)
        self._done: list[Result] = []

    @property
    def free(self) -> bool:
        return not self._done

    @property
    def busy(self) -> bool:
        return bool(self._done)

    def give(self, chunk: Chunk) -> None:
        began = time.perf_counter()
        outcomes = self._task.all((piece.path, piece.inner) for piece in chunk.pieces)
        self._done.append(Result(chunk, outcomes, time.perf_counter() - began))

    def results(self, limit_s: float) -> list[Result]:
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        self._done.clear()
