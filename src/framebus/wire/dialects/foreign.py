"""What the JSON dialects have in common: a header somebody else wrote, and a picture it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Coded, Frame
from framebus.core.names import to_name
from framebus.core.not_json import NOT_JSON
from framebus.wire import limits
from framebus.wire.layout import Array, Buffer, array_in, name_of, received
from framebus.wire.meta import check_depth

SHORT_TEXT = 200
"""What is made of longer texts is not kept."""
KEPT_NAMES = 256

_IN_NAMES = re.compile(r"[A-Za-z0-9._-]").fullmatch
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class End(msgspec.Struct, frozen=True):
    """The sender said that nothing follows; `port` is what a NetGear sender calls itself among several."""

    port: Any = None


def json_object(part: Buffer) -> dict[str, Any]:
    """The JSON object in `part`, however deep; raises `BadFrame` for anything else and for more than a header."""
    if len(part) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"header of {len(part)} bytes: the limit is {limits.MAX_HEADER_BYTES}")
    try:
        return _decode(part)
    except NOT_JSON as error:
        raise BadFrame(f"not a JSON header: {error}") from error


def read_header(part: Buffer, packed: str = "") -> dict[str, Any]:
    """The same, raising `BadFrame` for what lies deeper than in our own headers.

    The value of key `packed` may lie deeper; then it is text under that name and `_json`.
    """
    head = json_object(part)
    try:
        return _pack(head, packed) if packed in head else check_depth(head)
    except RecursionError as error:
        raise BadFrame(f"not a JSON header: {error}") from error


def _pack(head: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        return check_depth(head)
    except BadFrame:
        return check_depth({f"{key}_json": json.dumps(head.pop(key)), **head})


def write_header(head: Mapping[str, Any]) -> bytes:
    """`head` as these systems write it: spaces after separators, other than ASCII escaped."""
    return json.dumps(head).encode()


def sendable(head: Mapping[str, Any]) -> bytes:
    """`head` as `write_header` gives it; raises `BadFrame` where it is longer than we would take ourselves."""
    data = write_header(head)
    if len(data) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"header of {len(data)} bytes: the limit is {limits.MAX_HEADER_BYTES}, put less into `meta`")
    return data


def dashes(name: str) -> list[int]:
    """Where `name` has a `-`, which may have been any other character in the text it was made from."""
    return [at for at, letter in enumerate(name) if letter == "-"]


def not_in_names(without: bytes = b"") -> list[bytes]:
    """The ASCII characters that become `-` in a name, those in `without` left out; a name ends before `|`."""
    return [bytes((code,)) for code in range(32, 127) if not _IN_NAMES(chr(code)) and code not in without + b"|"]


def two(parts: Sequence[Buffer], what: str, max_bytes: int, packed: str = "") -> tuple[dict[str, Any], memoryview]:
    """Header and payload of a message of two parts; `packed` as in `read_header`."""
    if len(parts) != 2:
        raise BadFrame(f"{what} has two parts, {len(parts)} arrived")
    payload = memoryview(parts[1]).toreadonly()
    if payload.nbytes > max_bytes:
        raise BadFrame(f"{what} of {payload.nbytes} bytes: the limit is {max_bytes}")
    return read_header(parts[0], packed), payload


def array_from(dtype: Any, shape: Any, payload: memoryview) -> Array:
    """The array a foreign header describes, a view of `payload`; raises `BadFrame` unless all of it fits exactly."""
    if not isinstance(dtype, str) or not isinstance(shape, list) or any(type(extent) is not int for extent in shape):
        raise BadFrame(f"dtype {str(dtype)[:40]!r} and shape {str(shape)[:80]} do not describe an array")
    numeric, length = received(dtype, tuple(shape), "array")
    if length != payload.nbytes:
        raise BadFrame(f"shape {shape} of {numeric} is {length} bytes, {payload.nbytes} arrived")
    return array_in(payload, numeric, tuple(shape))


def as_sent(frame: Frame) -> Array:
    """The pixels as these systems expect them: colour as BGR, all else as it is."""
    return frame.bgr if frame.format in ("rgb24", "i420") else frame.data


def describe(array: Array) -> dict[str, Any]:
    """`dtype` and `shape` as foreign headers give them."""
    return description(array.dtype, array.shape)


def description(dtype: np.dtype[Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """The same of an array that is not at hand."""
    return {"dtype": name_of(dtype), "shape": list(shape)}


def name_for(text: Any, default: str) -> str:
    """A stream name from another system's text; `default` where there is none."""
    if not isinstance(text, str):
        return default
    return _kept_name(text, default) if len(text) <= SHORT_TEXT else to_name(text, default)


_kept_name = lru_cache(KEPT_NAMES)(to_name)


def frame_of(content: Array | Coded, format: str | None, stream: str, meta: Mapping[str, Any]) -> Frame:
    """A frame captured now, for all that these systems tell."""
    return Frame.of(content, format=format, stream=stream, meta=meta or None)
