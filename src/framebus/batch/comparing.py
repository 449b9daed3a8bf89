"""The true speed-up: the same inputs by one process and by all workers, in turn, into a folder that goes again."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import msgspec

from framebus.batch.hands import Hands
from framebus.batch.in_thread import Here
from framebus.batch.inputs import Input
from framebus.batch.output_names import Naming
from framebus.batch.piece import Chunk, Piece
from framebus.batch.recipe import Recipe
from framebus.batch.report import Comparison
from framebus.batch.stores import objects
from framebus.batch.stores.urls import is_url
from framebus.batch.task import Task

INPUTS, LOOKED_AT = 400, 20_000
"""As many are compared at most, evenly chosen from so many."""
ALONE_S = 1.5
"""About so long one process works on them."""
ROUNDS = 2
FOLDER = ".framebus-compare-"
_CHUNKS_EACH = 8


def compare(
    inputs: Iterator[Input], recipe: Recipe, start: Callable[[Recipe], Hands], stopping: Callable[[], bool]
) -> Comparison | None:
    """Compare on some of `inputs`; `start` makes those who work. None where there is nothing to compare, or `stopping`.

    Each side does everything once before it is timed, so that neither has to wait for the disk, or for its workers to
    start; what counts is each side's best time.
    """
    pieces = _sample([Piece(each.path, each.inner, "") for each in islice(inputs, LOOKED_AT) if not each.trouble])
    with _elsewhere(recipe) as aside:
        pieces = _few_enough(Task(aside), pieces)
        if not pieces:
            return None
        with Here(aside) as here, start(aside) as hands:
            alone, together = [], []
            for number in range(1 + ROUNDS):
                together.append(_timed(hands, pieces, hands.workers * _CHUNKS_EACH, number))
                alone.append(_timed(here, pieces, 1, number))
                if stopping():
                    return None
            return Comparison(len(pieces), min(alone[1:]), min(together[1:]), hands.workers)


def _sample(pieces: Sequence[Piece]) -> list[Piece]:
    return list(pieces[:: max(1, -(-len(pieces) // INPUTS))])


def _few_enough(task: Task, pieces: Sequence[Piece]) -> list[Piece]:
    """As many of them as one process can do in about `ALONE_S`, of those that can be done."""
    began = time.perf_counter()
    chosen: list[Piece] = []
    for piece in pieces:
        if task(piece.path, piece.inner).state == "done":
            chosen.append(piece)
        if time.perf_counter() - began > ALONE_S:
            break
    return chosen


def _timed(hands: Hands, pieces: Sequence[Piece], parts: int, round_: int) -> float:
    """Seconds that all of them take, in so many chunks."""
    size = max(1, -(-len(pieces) // parts))
    chunks = [
        Chunk(round_ * len(pieces) + start + 1, pieces[start : start + size]) for start in range(0, len(pieces), size)
    ]
    left = len(chunks)
    waiting = iter(chunks)
    began = time.perf_counter()
    while left:
        while hands.free and (chunk := next(waiting, None)) is not None:
            hands.give(chunk)
        left -= len(hands.results(0.05))
    return time.perf_counter() - began


@contextmanager
def _elsewhere(recipe: Recipe) -> Iterator[Recipe]:
    """The recipe with its outputs in new folders inside those they are meant for, on the same disks."""
    folders: list[str] = []
    try:
        outputs = []
        for output in recipe.outputs:
            naming = Naming(output.place, output.format)
            folders.append(_new_folder(naming.root))
            outputs.append(msgspec.structs.replace(output, place=f"{folders[-1]}/{naming.pattern}"))
        yield msgspec.structs.replace(recipe, outputs=tuple(outputs), began_ns=0)
    finally:
        for folder in folders:
            _remove(folder)


def _new_folder(root: str) -> str:
    if is_url(root):
        return f"{root}/{FOLDER}{secrets.token_hex(4)}"
    return tempfile.mkdtemp(prefix=FOLDER, dir=root)


def _remove(folder: str) -> None:
    if is_url(folder):
        objects.remove(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
