"""What a function answers, taken apart for the way back and put together again: data that JSON carries, and arrays.

In the data an array is `{"$array": N}`, the Nth of the reply, and what JSON has no word for is an object with one
key that begins with `$`: `$tuple`, `$items` (a mapping whose keys are not all text), `$float` (nan, inf), `$int` (too
large for other languages), `$frame`, `$json` (all of the data, too long for a control message, as the bytes of an
array) and `$plain` (the same, where nothing in it is any of these, so that nobody need look). A user's own keys that
begin with `$` get a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.wire import header, layout, limits

MAX_INLINE_BYTES = 32 * 1024
"""Data longer than this travels as the bytes of an array; a control message holds 64 KiB."""
MAX_DEPTH = 64
"""Containers inside each other; what contains itself goes deeper than any."""
_LONGEST_PLACE = 80
_INLINE_DEPTH = limits.MAX_DEPTH - 1

_PLAIN = frozenset({str, bool, type(None)})
_SCALARS = frozenset({str, bool, type(None), int, float})
_TEXT = frozenset({str})
_KEYS = (str, int, float, bool, type(None))

Named = list[tuple[str, Array]]


def pack(answer: Any) -> tuple[Any, Named]:
    """`answer` as data and named arrays; raises `BadFrame` saying which part of it cannot travel, and its type.

    Takes numbers (numpy's too), text, None, numeric arrays, frames, and lists, tuples and mappings of all these.
    """
    packing = _Packing()
    try:
        data = packing.plain(answer, 0)
    except _Refusal as refusal:
        raise BadFrame(str(refusal)) from refusal.__cause__
    arrays = packing.placed()
    if packing.depth <= _INLINE_DEPTH and (type(data) in _PLAIN or len(msgspec.json.encode(data)) <= MAX_INLINE_BYTES):
        return data, arrays
    text = np.frombuffer(msgspec.json.encode(data), np.uint8)
    return {"$json" if packing.marked else "$plain": len(arrays)}, [*arrays, (str(len(arrays)), text)]


def unpack(data: Any, arrays: Sequence[Array]) -> Any:
    """The answer again: lists are lists, tuples tuples, arrays are views of what came. Raises `BadFrame`."""
    try:
        if type(data) is dict and "$plain" in data:
            return _read(arrays[data["$plain"]])
        if type(data) is dict and "$json" in data:
            data = _read(arrays[data["$json"]])
        return _whole(data, arrays)
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, msgspec.DecodeError) as error:
        raise BadFrame(f"an answer that cannot be read: {type(error).__name__}: {error}") from error


class _Refusal(Exception):  # noqa: N818  (never leaves this file)
    """Why a part of an answer cannot travel; where it is, is said on the way out, by those it is in."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self._why = why
        self._where: list[str] = []

    def inside(self, key: Any) -> None:
        """It is under this key, or number, of what it is in."""
        self._where.append(f"[{key!r}]")

    def __str__(self) -> str:
        where = "".join(reversed(self._where))
        if len(where) > _LONGEST_PLACE:
            where = where[:_LONGEST_PLACE] + "…"
        return f"the answer{where} {self._why}"


class _Packing:
    """Arrays met on the way, how deep it goes, and whether there are marks in it."""

    def __init__(self) -> None:
        self.depth = 0
        self.marked = False
        self._arrays: list[Array] = []
        self._marks: list[dict[str, Any]] = []

    def placed(self) -> Named:
        """The arrays to send; where they are too many for one reply, all of them in one."""
        if len(self._arrays) < limits.MAX_ARRAYS:
            return [(str(number), array) for number, array in enumerate(self._arrays)]
        offsets = [0]
        for array in self._arrays:
            offsets.append(-(-(offsets[-1] + array.nbytes) // limits.ALIGNMENT) * limits.ALIGNMENT)
        whole = np.zeros(offsets[-1], np.uint8)
        for array, offset, mark in zip(self._arrays, offsets, self._marks, strict=False):
            whole[offset : offset + array.nbytes] = np.frombuffer(layout.bytes_of(array), np.uint8)
            mark["$array"] = [0, offset, layout.name_of(array.dtype), array.shape]
        return [("0", whole)]

    def plain(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _PLAIN or (kind is int and -limits.MAX_EXACT_INT <= value <= limits.MAX_EXACT_INT):
            return value
        if kind is list:
            return self._row(value, self._deeper(depth))
        if kind is dict:
            return self._mapping(value, self._deeper(depth))
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            value = _item(value)
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            return int(value) if abs(value) <= limits.MAX_EXACT_INT else self._inside({"$int": str(int(value))}, depth)
        if isinstance(value, float):
            return float(value) if isfinite(value) else self._inside({"$float": repr(float(value))}, depth)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        return self._container(value, self._deeper(depth))

    def _deeper(self, depth: int) -> int:
        """One level into a container."""
        depth += 1
        if depth > MAX_DEPTH:
            raise _Refusal(f"is nested deeper than {MAX_DEPTH} levels")
        if depth > self.depth:
            self.depth = depth
        return depth

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, list):
            return self._row(value, depth)
        if isinstance(value, tuple):
            return self._inside({"$tuple": self._row(value, depth + 1)}, depth)
        if isinstance(value, Frame):
            return self._frame(value, depth)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        raise _Refusal(
            f"is of type {kind_of(value)}: answer with arrays, numbers, text, None, frames, or lists, tuples "
            "and dicts of them"
        )

    def _row(self, values: Sequence[Any], depth: int) -> list[Any]:
        row: list[Any] = []
        try:
            for item in values:
                row.append(self.plain(item, depth))
        except _Refusal as refusal:
            refusal.inside(len(row))
            raise
        return row

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if set(map(type, value)) - _TEXT:
            items = [[self._key(key), self._under(key, item, depth + 2)] for key, item in value.items()]
            return self._inside({"$items": items}, depth + 1)
        told = {
            f"${key}" if key[:1] == "$" else key: item if type(item) in _PLAIN else self._under(key, item, depth)
            for key, item in value.items()
        }
        self.marked = self.marked or told.keys() != value.keys()
        return told

    def _under(self, key: Any, value: Any, depth: int) -> Any:
        try:
            return self.plain(value, depth)
        except _Refusal as refusal:
            refusal.inside(key)
            raise

    def _key(self, key: Any) -> Any:
        if isinstance(key, np.generic):
            key = _item(key)
        if not isinstance(key, _KEYS):
            raise _Refusal(f"has the key {key!r} of type {kind_of(key)}: keys are text or numbers")
        return self.plain(key, 0)

    def _inside(self, mark: dict[str, Any], depth: int) -> dict[str, Any]:
        self.marked = True
        self.depth = max(self.depth, depth + 1)
        return mark

    def _array(self, array: Array, depth: int) -> dict[str, Any]:
        try:
            layout.name_of(array.dtype)
            layout.length_of(array.shape, array.dtype)
        except BadFrame as error:
            raise _Refusal(f"is an array of {array.dtype} that cannot travel: {error}") from None
        self._arrays.append(np.asarray(array))
        self._marks.append({"$array": len(self._arrays) - 1})
        return self._inside(self._marks[-1], depth + 1)

    def _frame(self, frame: Frame, depth: int) -> dict[str, Any]:
        try:
            head, payload = header.encode(frame if frame.stream else frame.replace(stream="answer"))
        except BadFrame as error:
            raise _Refusal(f"is a frame that cannot travel: {error}") from error
        pixels = self._array(np.frombuffer(payload, np.uint8), depth + 1)
        return self._inside({"$frame": [bytes(head).decode(), pixels]}, depth + 1)


def kind_of(value: Any) -> str:
    """The type of `value` as people know it: `torch.Tensor`, `set`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _item(value: Any) -> Any:
    item = value.item()
    if isinstance(item, bool | int | float | str):
        return item
    raise _Refusal(f"is a number of type {kind_of(value)} that cannot travel: answer with float or int")


# the way back ---------------------------------------------------------------------------------------------------


def _read(text: Array) -> Any:
    return msgspec.json.decode(text.tobytes())


def _whole(data: Any, arrays: Sequence[Array]) -> Any:
    if type(data) is list:
        return [item if type(item) in _SCALARS else _whole(item, arrays) for item in data]
    if type(data) is not dict:
        return data
    if len(data) == 1:
        [(key, inside)] = data.items()
        if key in _MARKS:
            return _MARKS[key](inside, arrays)
    return {
        key[1:] if key[:1] == "$" else key: item if type(item) in _SCALARS else _whole(item, arrays)
        for key, item in data.items()
    }


def _array_at(place: Any, arrays: Sequence[Array]) -> Array:
    if isinstance(place, int):
        return arrays[place]
    number, offset, name, shape = place
    dtype = layout.dtype_of(name)
    length = layout.length_of(tuple(shape), dtype)
    part = arrays[number][offset : offset + length]
    if part.nbytes != length:
        raise BadFrame(f"an array of {length} bytes at {offset} reaches beyond what came")
    array: Array = part.view(dtype).reshape(shape)
    return array


def _frame_of(parts: Any, arrays: Sequence[Array]) -> Frame:
    head, pixels = parts
    frame, _ = header.decode(head.encode(), memoryview(_whole(pixels, arrays)))
    if not isinstance(frame, Frame):
        raise BadFrame("an answer holds a packet where a frame should be")
    return frame


_MARKS: dict[str, Callable[[Any, Sequence[Array]], Any]] = {
    "$array": _array_at,
    "$tuple": lambda items, arrays: tuple(_whole(item, arrays) for item in items),
    "$items": lambda pairs, arrays: {_whole(key, arrays): _whole(value, arrays) for key, value in pairs},
    "$float": lambda text, arrays: float(text),
    "$int": lambda text, arrays: int(text),
    "$frame": _frame_of,
}
