"""Which way up a photograph is, by its EXIF data, and turning it upright."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

UPRIGHT = 1
SIDEWAYS = (5, 6, 7, 8)
"""Orientations in which width and height are exchanged."""

_ORIENTATION = 0x0112
_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_SHORT = 3


def orientation_in(exif: bytes) -> int:
    """The orientation, 1 to 8, that EXIF data (from its byte order on) tells; 1 where it tells none."""
    order = _ORDERS.get(exif[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and UPRIGHT <= value <= 8 else UPRIGHT
    except struct.error:  # cut short: it tells nothing
        pass
    return UPRIGHT


def upright(array: Array, orientation: int) -> Array:
    """The picture `(height, width[, channels])` as it was taken; the same array where it is upright."""
    turn = _TURNS.get(orientation)
    return array if turn is None else np.ascontiguousarray(turn(array))


_TURNS: dict[int, Callable[[Array], Array]] = {
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: array.swapaxes(0, 1)[:, ::-1],
    7: lambda array: array.swapaxes(0, 1)[::-1, ::-1],
    8: lambda array: array.swapaxes(0, 1)[::-1],
}
