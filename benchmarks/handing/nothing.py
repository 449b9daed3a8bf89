"""The task: a path in, a number out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from framebus.batch.outcome import PLAIN, Outcome
from framebus.batch.piece import told, unpacked
from framebus.core.contracts import Item
from framebus.core.frame import Frame
from framebus.pool.answers import pack
from framebus.pool.calling import Said
from framebus.pool.worker_job import Job

SEPARATOR = b"\0"
_SECONDS = 1e-6
_DONE = Outcome("done", "", (PLAIN,))


def nothing(path: bytes) -> int:
    """One task."""
    return len(path)


def many(paths: Sequence[bytes]) -> list[int]:
    """Several tasks in one message."""
    return list(map(nothing, paths))


def bare(job: Job) -> Callable[[Item], Said]:
    """The duty of a worker that gets paths and answers numbers."""
    return lambda item: Said(many(_bytes(item).split(SEPARATOR)))


def in_a_job(job: Job) -> Callable[[Item], Said]:
    """The duty of a worker that says of each picture that it is done."""
    return _say_done


def _say_done(item: Item) -> Said:
    pieces = unpacked(_bytes(item))
    return Said(*pack((len(pieces) * _SECONDS, told([_DONE] * len(pieces)))))


def _bytes(item: Item) -> bytes:
    assert isinstance(item, Frame)
    return item.data.tobytes()
