"""Ops: any callable of an array or a frame, written `file.py:name`, `module:name`, or given as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from framebus.core.callables import Ready, find
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OpError
from framebus.core.formats import guess_format, preferred_format
from framebus.core.frame import Frame

Answer = np.ndarray[Any, Any] | Frame | Mapping[str, Any] | None
Function = Callable[..., Answer]


class Op:
    """One callable, applied to one frame after another in the calling thread.

    It gets the frame where its first parameter is called `frame` or annotated `Frame`, and `frame.image` (read-only
    array, height × width [× channels]) otherwise. It answers with an array or a frame (which keeps the identity of
    the one it was made from), a mapping (added to `frame.meta`), or None (the frame is dropped).
    """

    def __init__(self, function: Ready) -> None:
        self.name = function.name
        self._function = function

    def __call__(self, frame: Item) -> Frame | None:
        """The op's answer as a frame, or None where it drops this one; raises `OpError` naming the frame."""
        if not isinstance(frame, Frame) and not self._function.takes_packets:
            raise OpError(
                f"{self.name} cannot work on coded packets of {frame.stream}: open the source without packets"
            )
        try:
            return _answered(frame, self._function(frame))
        except Exception as error:
            which = f"frame {frame.seq} of {frame.stream or 'the source'}"
            raise OpError(f"{self.name} failed on {which}: {type(error).__name__}: {error}") from error


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


def apply(ops: Iterable[Op], item: Item) -> Item | None:
    """The item after all ops, or None where one of them dropped it."""
    for op in ops:
        answer = op(item)
        if answer is None:
            return None
        item = answer
    return item


def _answered(frame: Item, answer: Answer) -> Frame | None:
    if not isinstance(frame, Frame):
        return _decoded(answer)
    if answer is None or answer is frame:
        return answer
    if isinstance(answer, Frame):
        return answer if answer.run else answer.replace(**_header(frame))
    if isinstance(answer, Mapping):
        return frame.replace(meta={**frame.meta, **answer})
    if isinstance(answer, np.ndarray):
        format = _format(frame, answer)
        return frame.replace(content=answer, format=format, wanted="", _data=None, _image=None)
    raise BadFrame(f"an op answers with an array, a frame, a dict or None, not {type(answer).__name__}")


def _decoded(answer: Answer) -> Frame | None:
    if answer is None or (isinstance(answer, Frame) and answer.run):
        return answer
    raise BadFrame("an op on packets answers with a frame that has the packet's identity, or None")


def _header(frame: Frame) -> dict[str, Any]:
    names = ("run", "seq", "captured_ns", "captured_mono_ns", "clock", "missed")
    return {name: getattr(frame, name) for name in names} | {"stream": frame.stream}


def _format(frame: Frame, answer: np.ndarray[Any, Any]) -> str:
    """What the answer's pixels are: as those the op was given where that fits, guessed otherwise."""
    given = frame.wanted or preferred_format(frame.format)
    try:
        return guess_format(answer.shape, answer.dtype, frame.format if given == "native" else given)
    except BadFrame:
        return guess_format(answer.shape, answer.dtype, None)
