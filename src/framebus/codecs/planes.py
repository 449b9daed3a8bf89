"""Decoded video pictures as arrays, without a detour through RGB where the decoder's planes can be carried."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.memory import room

Array = npt.NDArray[Any]

_GRAY8 = ("gray",)
_GRAY16 = ("gray9le", "gray10le", "gray12le", "gray14le", "gray16le")
_FULL_RANGE = 2
_BT601 = (2, 4, 5, 6)
"""Colour matrices that `i420` means, as numbered by H.273; 2 is not said, which decoders take for BT.601."""


def picture(frame: Any) -> tuple[Array, str]:
    """The array and pixel format of a PyAV `VideoFrame`, cropped, and turned as the file asks for.

    `yuv420p` stays as planes (`i420`) where it is limited range, BT.601 and even in size; gray stays gray in its
    depth; all else becomes `bgr24`, converted with the file's own colour matrix.
    """
    name, turns = frame.format.name, round(frame.rotation / 90) % 4
    if turns == 0 and _carries_planes(frame, name):
        return _stacked(frame), "i420"
    if name in _GRAY8:
        array, format = _plane(frame, 0, frame.height, frame.width, np.dtype(np.uint8)).copy(), "gray8"
    elif name in _GRAY16:
        array, format = _plane(frame, 0, frame.height, frame.width, np.dtype("<u2")).astype(np.uint16), "gray16"
    else:
        array, format = frame.to_ndarray(format="bgr24"), "bgr24"
    return (np.ascontiguousarray(np.rot90(array, turns)) if turns else array), format


def _carries_planes(frame: Any, name: str) -> bool:
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    return name == "yuv420p" and even and frame.color_range != _FULL_RANGE and frame.colorspace in _BT601


def _stacked(frame: Any) -> Array:
    """Planes Y, U, V below each other as `(height * 3 // 2, width)`."""
    height, width = frame.height, frame.width
    flat = room.empty((height * width * 3 // 2,))
    start = 0
    for index, rows, columns in ((0, height, width), (1, height // 2, width // 2), (2, height // 2, width // 2)):
        part = flat[start : start + rows * columns].reshape(rows, columns)
        part[...] = _plane(frame, index, rows, columns, flat.dtype)
        start += part.size
    return flat.reshape(height * 3 // 2, width)


def _plane(frame: Any, index: int, rows: int, columns: int, dtype: np.dtype[Any]) -> Array:
    """A view of one plane without the padding that decoders put behind every row."""
    plane = frame.planes[index]
    padded = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // dtype.itemsize)
    return padded[:rows, :columns]
