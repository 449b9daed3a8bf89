"""Several arrays in one payload: the picture first, the others behind it at aligned offsets, listed in the header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from framebus.core.errors import BadFrame
from framebus.wire import limits
from framebus.wire.layout import Array, array_in, bytes_of, dtype_of, length_of, name_of

_Extent = Annotated[int, Meta(ge=0, le=limits.MAX_EXACT_INT)]


class Entry(msgspec.Struct, frozen=True):
    """One further array of a frame: what it is and where in the payload it starts."""

    name: Annotated[str, Meta(min_length=1, max_length=limits.MAX_WORD)]
    dtype: Annotated[str, Meta(max_length=limits.MAX_WORD)]
    shape: Annotated[tuple[_Extent, ...], Meta(max_length=limits.MAX_NDIM)]
    offset: _Extent


Named = Sequence[tuple[str, Array]]


def plan(start: int, arrays: Named) -> list[Entry]:
    """Where each array goes behind a picture of `start` bytes; raises `BadFrame` for bad names and types."""
    if len(arrays) > limits.MAX_ARRAYS:
        raise BadFrame(f"{len(arrays)} arrays in one frame: the limit is {limits.MAX_ARRAYS}")
    entries = []
    for name, array in arrays:
        start = _aligned(start)
        dtype = name_of(array.dtype)
        length_of(array.shape, array.dtype)
        entries.append(Entry(name, dtype, array.shape, start))
        start += array.nbytes
    _check_names(entries)
    return entries


def join(picture: memoryview, entries: Sequence[Entry], arrays: Named) -> memoryview:
    """One payload of the picture and the arrays; this is the only copy made when sending."""
    last = arrays[-1][1].nbytes
    whole = memoryview(bytearray(entries[-1].offset + last))
    whole[: picture.nbytes] = picture
    for entry, (_, array) in zip(entries, arrays, strict=True):
        whole[entry.offset : entry.offset + array.nbytes] = bytes_of(array)
    return whole


def split(payload: memoryview, end: int, entries: Sequence[Entry]) -> tuple[tuple[str, Array], ...]:
    """The arrays behind a picture that ends at `end`, as views; raises `BadFrame` unless they fill the payload."""
    _check_names(entries)
    placed = []
    for entry in entries:
        dtype = dtype_of(entry.dtype)
        if entry.offset != _aligned(end):
            raise BadFrame(f"array {entry.name!r} starts at byte {entry.offset}: it has to be {_aligned(end)}")
        end = entry.offset + length_of(entry.shape, dtype)
        placed.append((entry, dtype))
    if end != payload.nbytes:
        raise BadFrame(f"arrays of {end} bytes in a payload of {payload.nbytes}")
    return tuple((entry.name, array_in(payload, dtype, entry.shape, entry.offset)) for entry, dtype in placed)


def _aligned(offset: int) -> int:
    return -(-offset // limits.ALIGNMENT) * limits.ALIGNMENT


def _check_names(entries: Sequence[Entry]) -> None:
    names = {"image"}
    for entry in entries:
        if not 0 < len(entry.name) <= limits.MAX_WORD:
            raise BadFrame(f"array name {entry.name[:80]!r}: use 1 to {limits.MAX_WORD} characters")
        if entry.name in names:
            raise BadFrame(f"two arrays called {entry.name!r} in one frame ('image' is the picture itself)")
        names.add(entry.name)
