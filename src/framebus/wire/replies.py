"""The arrays of an answer: one payload of bytes, and the list in the reply that tells what lies where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from framebus.core.errors import BadFrame
from framebus.core.schemas import look_up
from framebus.wire import limits
from framebus.wire.layout import Array, array_in, bytes_of, dtype_of, length_of, name_of

_Extent = Annotated[int, Meta(ge=0, le=limits.MAX_EXACT_INT)]

Named = Sequence[tuple[str, Array]]


class Described(msgspec.Struct, frozen=True):
    """One array of an answer; `name` is free text of the service."""

    name: Annotated[str, Meta(max_length=limits.MAX_WORD)]
    dtype: Annotated[str, Meta(max_length=limits.MAX_WORD)]
    shape: Annotated[tuple[_Extent, ...], Meta(max_length=limits.MAX_NDIM)]
    offset: _Extent


def describe(arrays: Named) -> tuple[list[dict[str, Any]], int]:
    """What goes into `Reply.arrays`, and the bytes of the payload; raises `BadFrame` for what cannot travel."""
    if len(arrays) > limits.MAX_ARRAYS:
        raise BadFrame(f"{len(arrays)} arrays in one answer: the limit is {limits.MAX_ARRAYS}")
    described, end = [], 0
    for name, array in arrays:
        if len(name) > limits.MAX_WORD:
            raise BadFrame(f"array name {name[:80]!r} in an answer: use at most {limits.MAX_WORD} characters")
        offset = -(-end // limits.ALIGNMENT) * limits.ALIGNMENT
        end = offset + length_of(array.shape, array.dtype)
        one = {"name": name, "dtype": name_of(array.dtype), "shape": list(array.shape), "offset": offset}
        described.append(one)
    if end > limits.MAX_FRAME_BYTES:
        raise BadFrame(f"an answer of {end} bytes: the limit is {limits.MAX_FRAME_BYTES}")
    return described, end


def place(memory: memoryview, described: Sequence[Mapping[str, Any]], arrays: Named) -> None:
    """Copy the arrays to where the description says they lie."""
    for one, (_, array) in zip(described, arrays, strict=True):
        start = one["offset"]
        memory[start : start + array.nbytes] = bytes_of(array)


look_up(Described)


def read(described: Sequence[Mapping[str, Any]], payload: memoryview | None) -> tuple[Array, ...]:
    """The arrays of a received answer as read-only views; raises `BadFrame` unless they lie within the payload."""
    if not described:
        return ()
    try:
        known = msgspec.convert(list(described), list[Described])
    except msgspec.ValidationError as error:
        raise BadFrame(f"the arrays of an answer are described wrongly: {error}") from error
    whole = memoryview(b"") if payload is None else payload.toreadonly()
    return tuple(_array(one, whole) for one in known)


def _array(one: Described, whole: memoryview) -> Array:
    dtype = dtype_of(one.dtype)
    if one.offset + length_of(one.shape, dtype) > whole.nbytes:
        raise BadFrame(f"array {one.name!r} of an answer ends behind its {whole.nbytes} bytes")
    return array_in(whole, dtype, one.shape, one.offset)
