"""How an array lies in bytes: its type by name, its shape, its length; nothing here allocates pixels."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.formats import guess_format
from framebus.wire import limits

Array = npt.NDArray[Any]
Buffer = bytes | bytearray | memoryview
Shape = tuple[int, ...]


def _known_types() -> dict[str, np.dtype[Any]]:
    """All spellings accepted for a numeric type: `uint8`, `|u1`, `u1`, `>u2` …"""
    known: dict[str, np.dtype[Any]] = {}
    for code in "?bhilqBHILQefdgFDG":
        native = np.dtype(code)
        for dtype in (native, native.newbyteorder("S")):
            for spelling in (str(dtype), dtype.str):
                known.setdefault(spelling, dtype)
        known.setdefault(native.str[1:], native)
    return known


_TYPES = _known_types()


def dtype_of(text: str) -> np.dtype[Any]:
    """The numeric type called `text`; a closed table, so that no hostile text reaches numpy's parser."""
    try:
        return _TYPES[text]
    except KeyError:
        raise BadFrame(f"dtype {text[:40]!r} is not a numeric type: send uint8, uint16, float32 …") from None


@lru_cache(maxsize=256)
def name_of(dtype: np.dtype[Any]) -> str:
    """The name under which `dtype` travels, as in `str(dtype)`; raises `BadFrame` unless it is numeric."""
    name = str(dtype)
    if name not in _TYPES:
        raise BadFrame(f"arrays of {name[:40]} cannot be frames: only numbers travel")
    return name


def length_of(shape: Shape, dtype: np.dtype[Any]) -> int:
    """Bytes of such an array, in exact integers; raises `BadFrame` for negative or too many dimensions."""
    if len(shape) > limits.MAX_NDIM:
        raise BadFrame(f"array of {len(shape)} dimensions: the limit is {limits.MAX_NDIM}")
    if any(extent < 0 or extent > limits.MAX_EXACT_INT for extent in shape):
        raise BadFrame(f"array of shape {shape}: extents are 0 or more")
    return prod(shape) * dtype.itemsize


@lru_cache(maxsize=256)
def received(dtype: str, shape: Shape, format: str) -> tuple[np.dtype[Any], int]:
    """Type and length in bytes of a picture described by a header; raises `BadFrame` when it makes no sense."""
    numeric = dtype_of(dtype)
    length = length_of(shape, numeric)
    guess_format(shape, numeric, format)
    return numeric, length


@lru_cache(maxsize=256)
def sent(dtype: np.dtype[Any], shape: Shape, format: str) -> str:
    """The name of the type of a picture about to be sent, after the same checks as on arrival."""
    name = name_of(dtype)
    received(name, shape, format)
    return name


def bytes_of(array: Array) -> memoryview:
    """The bytes of `array` in C order: its own memory where it is contiguous, a copy otherwise."""
    try:
        return array.data.cast("B")
    except (TypeError, ValueError):  # empty, strided, foreign byte order, complex: a buffer cannot be cast
        return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def array_in(payload: memoryview, dtype: np.dtype[Any], shape: Shape, offset: int = 0) -> Array:
    """A view of `payload` as an array, read-only where `payload` is; its length must have been checked."""
    try:
        # np.ndarray(buffer=…) would look through a read-only memoryview, and the array could be made writable
        return np.frombuffer(payload, dtype, prod(shape), offset).reshape(shape)
    except (ValueError, TypeError) as error:  # e.g. (0, 2**60): no bytes, yet more than numpy can count
        raise BadFrame(f"array of shape {shape} and {dtype} cannot be made: {error}") from error
