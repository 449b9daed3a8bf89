"""What is said between a proxy and the object it stands for: questions travel as frames, answers as their replies.

A question's header says what is to be done; its arguments are data that JSON carries, and arrays. Nothing is ever
pickled. An answer is what `framebus.pool.answers` packs, or one of the marks below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.core.schemas import look_up
from framebus.core.snapshot import SHARE_FROM
from framebus.pool.answers import pack, unpack
from framebus.pool.calling import Said

Do = Literal["describe", "call", "get", "set", "next", "drop", "events", "stop"]
Refusal = Literal["unknown", "elsewhere", "rights", "lost", "request"]

_NOTHING = np.zeros(1, np.uint8)
_KEY = "fb.do"
_POSITIONAL = re.compile(r"the answer\[0\]\[(\d+)\]")
_NAMED = re.compile(r"the answer\[1\]\['(\w+)'\]")
_STREAM, _END, _REFUSED = "$stream", "$end", "$refused"


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is to be done; its header, as it stands in a frame's `meta`."""

    do: Do = msgspec.field(name=_KEY)
    name: str = ""
    """The method or attribute."""
    instance: str = msgspec.field(name="for", default="")
    """Which life of the object is meant: one that was started anew refuses what an earlier one may have done."""
    lane: int = 0
    """Questions of one lane follow each other, the next one after the answer; streams have lanes of their own."""
    first: bool = False
    """The first array of the arguments is the frame's picture."""
    data: Any = None


def to_frame(question: Question, given: Any = None) -> Frame:
    """The frame that asks it, with the arguments `given`; raises `BadFrame` naming the part that cannot travel."""
    try:
        data, named = pack(given)
    except BadFrame as error:
        raise BadFrame(_about_arguments(str(error))) from None
    arrays = [array for _, array in named]
    first = bool(arrays) and arrays[0].nbytes >= SHARE_FROM
    header = msgspec.structs.replace(question, first=first, data=data)
    return Frame.of(
        arrays.pop(0) if first else _NOTHING,
        format="array",
        meta=msgspec.to_builtins(header),
        arrays={str(number): array for number, array in enumerate(arrays)},
    )


def _about_arguments(text: str) -> str:
    """What `pack` says of an answer, of the arguments of a call: positional ones are counted from 1."""
    text = text.replace("answer with", "give")
    if found := _POSITIONAL.match(text):
        return f"argument {int(found[1]) + 1}{text[found.end() :]}"
    if found := _NAMED.match(text):
        return f"argument {found[1]}{text[found.end() :]}"
    return text.replace("the answer", "the value", 1)


def is_question(item: Item) -> bool:
    """True for a frame that asks an object, and not a service."""
    return _KEY in item.meta


look_up(Question)


def of_frame(item: Item) -> Question:
    """The question that a frame asks; raises `BadFrame` for a frame that asks none."""
    if not is_question(item):
        raise BadFrame("an object lives here, and no service that answers frames: use fb.remote(ADDRESS)")
    try:
        return msgspec.convert(dict(item.meta), Question)
    except msgspec.ValidationError as error:
        raise BadFrame(f"a question that cannot be read: {error}") from error


def given(question: Question, item: Item) -> Any:
    """The arguments that came along; arrays are read-only. Raises `BadFrame`."""
    arrays: Sequence[Array] = [array for _, array in item.extra] if isinstance(item, Frame) else []
    if question.first and isinstance(item, Frame):
        arrays = [item.data, *arrays]
    return unpack(question.data, arrays)


# answers ------------------------------------------------------------------------------------------------------------


def opened(stream: int) -> Said:
    """The call gave something to iterate over: `stream` is its number."""
    return Said({_STREAM: stream})


def stream_of(data: Any) -> int | None:
    """The number of the stream that was opened, where that is what an answer says."""
    number = data.get(_STREAM) if isinstance(data, Mapping) and len(data) == 1 else None
    return number if isinstance(number, int) else None


def ended() -> Said:
    """There is no next item."""
    return Said({_END: True})


def is_end(data: Any) -> bool:
    """True where an answer says that there is no next item."""
    return bool(data == {_END: True})


def refused(why: Refusal, text: str) -> Said:
    """It was not done, for a reason that is not the object's."""
    return Said({_REFUSED: why}, error=text)


def refusal_of(data: Any) -> str:
    """Why something was not done; empty where the object itself failed."""
    return str(data.get(_REFUSED, "")) if isinstance(data, Mapping) else ""
