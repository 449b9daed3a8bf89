"""What a worker of a map does: ops on one frame, or on several, and what they make of it sent back.

What goes back for each frame is a row: a list of the frames made of it, or, of one whose pixels are still those that
came, `{"same": META}`, which is its new `meta`, or None where that is the old one, too. Of frames that only travel
together each has a row of its own, or what went wrong with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Array, Frame
from framebus.core.ops import Op, apply, apply_together, load_all
from framebus.pool import byvalue
from framebus.pool.answers import Named, pack, unpack
from framebus.pool.bundle import BUNDLE, EACH, unbundle
from framebus.pool.calling import Said, described
from framebus.pool.questions import KEY, original
from framebus.pool.worker_job import Job

Spec = str | Callable[..., Any]

_SAME = "same"


class Failure(NamedTuple):
    """What went wrong with a frame, as its worker says it."""

    error: str
    """The exception's name and text, then its traceback."""
    option: str = ""
    """What is wrong with an option, where that was it."""

    @classmethod
    def told(cls, error: str, data: Any) -> Failure:
        """As it was answered."""
        option = data.get("text", "") if isinstance(data, dict) and data.get("option") else ""
        return cls(error, str(option))


def work_job(name: str, ops: Sequence[Spec], workers: int) -> Job:
    """The job of one of `workers` that apply `ops`, one after the other; raises `OptionError` for what is none.

    Files are found from this process's folder; nothing is imported.
    """
    specs = [Job.of(name, op).text if isinstance(op, str) else op for op in ops]
    return Job(name, code=byvalue.to_bytes([workers, *specs], name), duty="framebus.pool.map_worker:working")


def working(job: Job) -> Callable[[Item], Said]:
    """The duty of such a worker: builds its classes now."""
    workers, *specs = byvalue.from_bytes(job.code)
    ops = load_all(specs)
    for op in ops:
        if op.remembers and workers > 1:
            raise OptionError(f"{op.name} remembers earlier frames, of which each worker sees only some: give it one")
    return Working(ops)


class Working:
    """Applies ops to one frame, or one bundle of them, after another. Used by one thread at a time."""

    def __init__(self, ops: Iterable[Op]) -> None:
        self._ops = tuple(ops)

    def __call__(self, item: Item) -> Said:
        """What the ops make of `item`, to be read by `made`; exceptions are told, not raised."""
        try:
            if not isinstance(item, Frame):
                raise BadFrame("workers work on frames, not on coded packets: decode them first")
            since = time.perf_counter()
            rows = self._rows(item)
            took_s = time.perf_counter() - since
            return Said(*(_packed if EACH in item.meta else pack)([took_s, rows]))
        except (Exception, SystemExit) as error:
            return Said(**_failed(error))

    def _rows(self, item: Frame) -> list[Any]:
        if KEY in item.meta or BUNDLE not in item.meta:  # only a bundle of ours is no question
            return [self._row(original(item))]
        given = unbundle(item)
        if EACH in item.meta:
            return [self._row_or_failure(frame) for frame in given]
        return [_told(*pair) for pair in zip(given, apply_together(self._ops, given), strict=True)]

    def _row(self, frame: Frame) -> Any:
        return _told(frame, [one for one in apply(self._ops, frame) if isinstance(one, Frame)])

    def _row_or_failure(self, frame: Frame) -> Any:
        try:
            return self._row(frame)
        except (Exception, SystemExit) as error:
            return _failed(error)


class Made(NamedTuple):
    """What ops made of frames."""

    took_s: float
    """What they all took together."""
    rows: list[list[Frame] | Failure]


def made(given: Sequence[Frame], data: Any, arrays: Sequence[Array]) -> Made:
    """What a worker says its ops made of the frames it was given; raises `BadFrame` where it said something else."""
    took_s, rows = unpack(data, arrays)
    return Made(took_s, [_read_row(frame, row) for frame, row in zip(given, rows, strict=True)])


def _failed(error: BaseException) -> dict[str, Any]:
    """The fields of a `Said`."""
    cause = error.__cause__ or error
    return {"data": {"option": isinstance(cause, OptionError), "text": str(error)}, "error": described(cause)}


def _packed(answer: list[Any]) -> tuple[Any, Named]:
    """As `pack`, but a row that cannot travel is a failure of its own frame."""
    try:
        return pack(answer)
    except BadFrame:
        took_s, rows = answer
        return pack([took_s, [_as_it_travels(row) for row in rows]])


def _as_it_travels(row: Any) -> Any:
    try:
        pack(row)
    except BadFrame as error:
        return _failed(error)
    return row


def _told(frame: Frame, results: list[Frame]) -> Any:
    if len(results) != 1 or not _same_pixels(frame, results[0]):
        return results
    return None if results[0].meta is frame.meta else {_SAME: dict(results[0].meta)}


def _same_pixels(frame: Frame, result: Frame) -> bool:
    return result is frame or (result.content is frame.content and result.identity == frame.identity)


def _read_row(frame: Frame, row: Any) -> list[Frame] | Failure:
    if row is None:
        return [frame]
    if type(row) is list:
        return _read(frame, row)
    if _SAME in row:
        return [frame.replace(meta=row[_SAME])]
    return Failure.told(str(row["error"]), row["data"])


def _read(frame: Frame, made: list[Any]) -> list[Frame]:
    if not all(isinstance(one, Frame) for one in made):
        raise BadFrame("a worker answered with something that is no frame")
    if made and frame.missed and not made[0].missed:  # no header carries it
        made[0] = made[0].replace(missed=frame.missed)
    return made
