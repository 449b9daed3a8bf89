"""A function or class that answers frames, and what it says: an answer taken apart, or what went wrong."""

from __future__ import annotations

import traceback
from typing import Any, NamedTuple

from framebus.core import callables
from framebus.core.callables import Ready, Target
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.pool.answers import Named, pack
from framebus.pool.questions import original
from framebus.pool.worker_job import Job

MAX_ERROR_CHARACTERS = 8000

_MISSING = {"$missing": True}
_OURS = (__file__, callables.__file__)


class Said(NamedTuple):
    """What goes back for one frame."""

    data: Any = None
    arrays: Named = []  # noqa: RUF012  (never changed)
    error: str = ""


def missing(why: str) -> Said:
    """There is no answer, through no fault of the function."""
    return Said(data=_MISSING, error=why)


def is_missing(data: Any) -> bool:
    """True for the data of what `missing` makes."""
    return bool(data == _MISSING)


class Answering:
    """Calls a target with one frame after another. Used by one thread at a time; builds a class when made."""

    def __init__(self, target: Target) -> None:
        self._call = Ready(target)

    def __call__(self, item: Item) -> Said:
        """What to send back for `item`; exceptions of the user's function are told, not raised."""
        try:
            if not isinstance(item, Frame):
                raise BadFrame("a service works on frames, not on coded packets: decode them first")
            frame = original(item)
            data, arrays = pack(_identified(self._call(frame), frame))
            return Said(data, arrays)
        except (Exception, SystemExit) as error:
            return Said(error=described(error))


def answering(job: Job) -> Answering:
    """The duty of a worker that answers frames with one function or class."""
    return Answering(job.target())


def described(error: BaseException) -> str:
    """An exception as text for another process: `ValueError: too dark`, then its traceback."""
    first = f"{type(error).__name__}: {error}".rstrip(": ")
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in _OURS:
        trace = trace.tb_next
    lines = "".join(traceback.format_exception(type(error), error, trace)) if trace is not None else ""
    return f"{first[:MAX_ERROR_CHARACTERS]}\n{lines[-MAX_ERROR_CHARACTERS:]}".rstrip()


def _identified(answer: Any, frame: Frame) -> Any:
    """A new frame without an identity takes that of the one it was made from."""
    if not isinstance(answer, Frame) or answer.run:
        return answer
    names = ("stream", "run", "seq", "captured_ns", "captured_mono_ns", "clock", "missed")
    return answer.replace(**{name: getattr(frame, name) for name in names})
