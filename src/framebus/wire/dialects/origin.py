"""What our own senders add to an old header: which frame it is and when it was taken. Old readers ignore the keys.

    "stream": "porch", "run": "00c0ffee00c0ffee", "seq": 7, "captured_ns": "1750000000000000000",
    "captured_mono_ns": "12000000000", "clock": "…boot id…", "meta": {…}

The keys are those of our own headers, without `fb`, so that nobody takes the message for one of ours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from framebus.core.frame import Frame, Identity
from framebus.core.names import valid_name
from framebus.core.schemas import look_up
from framebus.wire import limits
from framebus.wire.meta import jsonable

_Word = Annotated[str, Meta(max_length=limits.MAX_WORD)]
_Time = Annotated[int, Meta(ge=0, le=limits.MAX_NS)]


class _Stamp(msgspec.Struct):
    stream: _Word
    run: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    seq: Annotated[int, Meta(ge=0, le=limits.MAX_EXACT_INT)]
    captured_ns: _Time
    captured_mono_ns: _Time = 0
    clock: _Word = ""
    meta: dict[str, Any] = {}


_KEYS = _Stamp.__struct_fields__
_SENDERS = 64
"""Streams whose part of the text is kept."""


def text(identity: Identity, captured_ns: int, captured_mono_ns: int, clock: str) -> bytes:
    """The keys that say which frame it is and when it was taken, as they stand at the end of a JSON object."""
    number = b'%b,"seq":%d,"captured_ns":"%d","captured_mono_ns":"%d"}'
    return number % (_sender(identity.stream, identity.run, clock), identity.seq, captured_ns, captured_mono_ns)


@lru_cache(_SENDERS)
def _sender(stream: str, run: int, clock: str) -> bytes:
    return msgspec.json.encode({"stream": stream, "run": _word(run), "clock": clock})[1:-1]


def stamp(frame: Frame) -> dict[str, Any]:
    """The keys for `frame`; none where it has no identity. `meta["msg"]` travels as the text, not here."""
    if not frame.run:
        return {}
    stamped = {
        "stream": frame.stream,
        "run": _word(frame.run),
        "seq": frame.seq,
        "captured_ns": str(frame.captured_ns),
        "captured_mono_ns": str(frame.captured_mono_ns),
        "clock": frame.clock,
    }
    meta = {key: value for key, value in frame.meta.items() if key != "msg"}
    return {**stamped, "meta": jsonable(meta, depth=2)} if meta else stamped


def _word(run: int) -> str:
    return f"{run:016x}"


look_up(_Stamp)


def take(head: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the frame that `head` stamps, and all its other keys; no fields where it does not, or nonsense."""
    if "run" not in head:
        return {}, head
    try:
        found = msgspec.convert(head, _Stamp, strict=False)
    except (msgspec.ValidationError, RecursionError):
        return {}, head
    if not valid_name(found.stream) or not int(found.run, 16):
        return {}, head
    fields = {key: getattr(found, key) for key in _KEYS if key != "meta"}
    rest = {key: value for key, value in head.items() if key not in _KEYS}
    return {**fields, "run": int(found.run, 16)}, {**found.meta, **rest}
