"""What a spool writes down besides frames: plain values, with labels for frames and lines for the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from framebus.core.errors import BadFrame

_Count = Annotated[int, Meta(ge=0, lt=2**62)]
_Last = Annotated[int, Meta(ge=-1, lt=2**62)]
_Run = Annotated[int, Meta(ge=0)]
_Text = Annotated[str, Meta(max_length=1000)]
_Rate = Annotated[float, Meta(ge=0)]

MOST_RANGES = 10_000

BadLine = BadFrame
"""Raised for bytes that are no label and no line."""


class Share(msgspec.Struct, frozen=True, array_like=True):
    """One group that a frame is owed to: what was not meant for it before, and how far it was in that run."""

    group: _Text
    thinned: _Count
    last: _Last
    last_thinned: _Count


class Label(msgspec.Struct, frozen=True, array_like=True):
    """One frame: its place in the order of sending, its identity, and whom it is owed to."""

    order: _Count
    stream: _Text
    run: _Run
    seq: _Count
    nbytes: _Count
    packet: bool
    starts: bool
    shares: tuple[Share, ...]


class Session(msgspec.Struct, frozen=True, array_like=True, tag="session"):
    """Under which id this publisher calls a hub: it stays who it was."""

    id: _Text


class Group(msgspec.Struct, frozen=True, array_like=True, tag="group"):
    """A group that is owed frames. The last line about it holds."""

    name: _Text
    want: tuple[_Text, ...] = ()
    max_fps: _Rate = 0.0
    exclusive: bool = False


class Gone(msgspec.Struct, frozen=True, array_like=True, tag="gone"):
    """Nobody will ask for that group again."""

    group: _Text


class Renamed(msgspec.Struct, frozen=True, array_like=True, tag="renamed"):
    """In labels of frames before number `until`, and in lines before this one, a group has another name."""

    before: _Text
    group: _Text
    until: _Count


class Owed(msgspec.Struct, frozen=True, array_like=True, tag="owed"):
    """A frame that is in the spool already is owed to one group more."""

    order: _Count
    share: Share


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """A group has these frames or will never get them: from, to."""

    group: _Text
    ranges: tuple[tuple[_Count, _Count], ...]


class Mark(msgspec.Struct, frozen=True, array_like=True, tag="mark"):
    """The last frame of a run that a group acknowledged, and how many before were not meant for it."""

    group: _Text
    stream: _Text
    run: _Run
    last: _Last
    thinned: _Count


Line = Session | Group | Gone | Renamed | Owed | Done | Mark

encode = msgspec.msgpack.Encoder().encode
_label = msgspec.msgpack.Decoder(Label).decode
_line = msgspec.msgpack.Decoder(Line).decode
_NONE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def label(data: bytes) -> Label:
    """Raises `BadLine`."""
    try:
        return _label(data)
    except _NONE as error:
        raise BadLine(f"not the label of a frame: {error}") from None


def line(data: bytes) -> Line:
    """Raises `BadLine`."""
    try:
        return _line(data)  # type: ignore[no-any-return]
    except _NONE as error:
        raise BadLine(f"not a line of a spool's journal: {error}") from None


def done(group: str, orders: Iterable[int]) -> Iterator[Done]:
    """`group` has these frames: as few lines as that takes, each short enough."""
    joined: list[tuple[int, int]] = []
    for order in sorted(orders):
        if joined and joined[-1][1] + 1 == order:
            joined[-1] = joined[-1][0], order
        else:
            joined.append((order, order))
    return (Done(group, tuple(joined[at : at + MOST_RANGES])) for at in range(0, len(joined), MOST_RANGES))
