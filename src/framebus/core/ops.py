"""Ops: any callable of an array or a frame, written `file.py:name`, `module:name`, or given as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any

import numpy as np

from framebus.core.callables import Ready, find
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OpError
from framebus.core.formats import guess_format, preferred_format
from framebus.core.frame import Frame

Function = Callable[..., Any]

MAX_PARTS = 4096
"""Frames that an op may make of one."""
_FINITE = frozenset({str, int, bool, type(None)})
"""Types that are no floating-point number and hold none."""
_ONE = frozenset({dict, np.ndarray, Frame, type(None)})
"""Types of answers that are one, and no iterator; others are asked what they are, which takes longer."""


class Op:
    """One callable, applied to one frame after another in the calling thread.

    It gets the frame where its first parameter is called `frame` or annotated `Frame`, and `frame.image` (read-only
    array, height × width [× channels]) otherwise. It answers with an array or a frame (which keeps the identity of
    the one it was made from), a mapping (added to `frame.meta`; neither nan nor infinity), or None (the frame is
    dropped); a generator makes several frames of one, which get a `run` of their own and numbers that follow from the
    frame's.
    """

    def __init__(self, function: Ready) -> None:
        self.name = function.name
        self.remembers = function.remembers
        """Whether what becomes of a frame depends on those before it."""
        self._function = function

    def __call__(self, frame: Item) -> Frame | None:
        """The op's one answer as a frame, or None where it drops this one; raises `OpError` naming the frame."""
        answers = self.each(frame)
        if len(answers) > 1:
            raise OpError(f"{self.name} made {len(answers)} frames of {_which(frame)} where one was wanted")
        return answers[0] if answers else None

    def each(self, frame: Item) -> list[Frame]:
        """All frames the op makes of this one; raises `OpError` naming the frame."""
        if not isinstance(frame, Frame) and not self._function.takes_packets:
            raise OpError(f"{self.name} cannot work on coded packets of {frame.stream}: put the op decode before it")
        try:
            return self._answers(frame, self._function(frame))
        except Exception as error:
            raise _failure(self.name, _which(frame), error) from error

    def batch(self, frames: Sequence[Frame]) -> list[list[Frame]]:
        """What the op, called once with a list, makes of each of `frames`; raises `OpError` naming the first."""
        try:
            answers = list(self._function.together(frames))
            if len(answers) != len(frames):
                raise BadFrame(f"it was given {len(frames)} pictures and answered {len(answers)}")
            return [self._answers(frame, answer) for frame, answer in zip(frames, answers, strict=True)]
        except Exception as error:
            more = f" and the {len(frames) - 1} with it" if len(frames) > 1 else ""
            raise _failure(self.name, _which(frames[0]) + more, error) from error

    def _answers(self, frame: Item, answer: Any) -> list[Frame]:
        if type(answer) in _ONE or not isinstance(answer, Iterator):
            one = _answered(frame, answer)
            return [] if one is None else [one]
        made = [_answered(frame, part) for part in answer]
        if len(made) > MAX_PARTS:
            raise BadFrame(f"it made {len(made)} frames of one: the limit is {MAX_PARTS}")
        return [_part(self.name, frame, number, part) for number, part in enumerate(made) if part is not None]


def load(spec: str | Function) -> Op:
    """The op written as `file.py:name` or `module:name`, with `=VALUE,KEY=VALUE` arguments, or any callable.

    A class is built once with the arguments and then called with each frame. Raises `OptionError` where there is
    no such file, module or name.
    """
    return Op(Ready(find(spec)))


def load_all(specs: Iterable[str | Function] | str | Function) -> tuple[Op, ...]:
    """Several, or the one given alone."""
    if isinstance(specs, str) or callable(specs):
        specs = (specs,)
    return tuple(load(spec) for spec in specs)


def apply(ops: Iterable[Op], item: Item) -> list[Item]:
    """What all ops, one after the other, make of the item: nothing where one of them dropped it."""
    items = [item]
    for op in ops:
        items = [answer for item in items for answer in op.each(item)]
    return items


def apply_together(ops: Iterable[Op], frames: Sequence[Frame]) -> list[list[Frame]]:
    """What all ops make of each of `frames`, where each op is called once with all of them."""
    made = [[frame] for frame in frames]
    for op in ops:
        answers = iter(op.batch(flat) if (flat := [frame for row in made for frame in row]) else [])
        made = [[answer for _ in row for answer in next(answers)] for row in made]
    return made


def _which(frame: Item) -> str:
    return f"frame {frame.seq} of {frame.stream or 'the source'}"


def _failure(name: str, which: str, error: Exception) -> OpError:
    return OpError(f"{name} failed on {which}: {type(error).__name__}: {error}")


def _part(name: str, frame: Item, number: int, part: Frame) -> Frame:
    """One of several frames made of one: told apart for ever, and the same when it is made again."""
    if part.run != frame.run:
        return part
    run = int.from_bytes(blake2b(f"{frame.run} {name}".encode(), digest_size=8).digest(), "little") or 1
    missed = frame.missed if number == 0 else 0
    return part.replace(run=run, seq=frame.seq * MAX_PARTS + number, missed=missed)


def _answered(frame: Item, answer: Any) -> Frame | None:
    if not isinstance(frame, Frame):
        return _decoded(answer)
    if answer is None or answer is frame:
        return answer
    if isinstance(answer, Frame):
        if answer.meta is not frame.meta:
            _check_finite(answer.meta, "meta")
        return answer if answer.run else answer.replace(**_header(frame))
    if isinstance(answer, np.ndarray):
        format = _format(frame, answer)
        wanted = frame.wanted if frame.wanted == format else ""
        return frame.replace(content=answer, format=format, wanted=wanted, _data=None, _image=None)
    if type(answer) is dict or isinstance(answer, Mapping):
        _check_finite(answer, "meta")
        return frame.replace(meta={**frame.meta, **answer})
    raise BadFrame(f"an op answers with an array, a frame, a dict or None, not {type(answer).__name__}")


def _check_finite(value: Any, path: str) -> None:
    """Raise `BadFrame` for a number that no frame can carry: told here, it is told of the op that made it."""
    if type(value) is dict or isinstance(value, Mapping):
        for key, inner in value.items():
            if type(inner) not in _FINITE:
                _check_finite(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            if type(inner) not in _FINITE:
                _check_finite(inner, f"{path}[{at}]")
    elif isinstance(value, float | np.floating) and not isfinite(value):
        raise BadFrame(f"{path} is {value}: JSON has no such number, answer with None instead")


def _decoded(answer: Any) -> Frame | None:
    if answer is None or (isinstance(answer, Frame) and answer.run):
        return answer
    raise BadFrame("an op on packets answers with a frame that has the packet's identity, or None")


def _header(frame: Frame) -> dict[str, Any]:
    names = ("run", "seq", "captured_ns", "captured_mono_ns", "clock", "missed")
    return {name: getattr(frame, name) for name in names} | {"stream": frame.stream}


def _format(frame: Frame, answer: np.ndarray[Any, Any]) -> str:
    """What the answer's pixels are: as those the op was given where that fits, guessed otherwise."""
    given = frame.wanted or preferred_format(frame.format)
    if given == "array" and (answer.dtype, answer.ndim) != (frame.dtype, len(frame.shape)):
        return guess_format(answer.shape, answer.dtype, None)
    try:
        return guess_format(answer.shape, answer.dtype, frame.format if given == "native" else given)
    except BadFrame:
        return guess_format(answer.shape, answer.dtype, None)
