"""A number and a time written into the pixels themselves, so that order, loss and latency can be proven anywhere.

The stamp is a strip of black and white cells along the top edge: 160 bits, row by row, most significant first.

| bits | what                                                           |
|------|----------------------------------------------------------------|
| 8    | the mark `0xB5`                                                |
| 64   | the frame's number, unsigned                                   |
| 64   | its capture time, UTC nanoseconds since 1970, unsigned         |
| 24   | CRC-32 (IEEE 802.3) of the 17 bytes before, its low 24 bits    |

A row has 80 cells where the picture is at least 320 pixels wide, 40 from 80 pixels on, else 20; cells are square.
All sizes follow from the width, so a stamp is still read after the picture was scaled, cropped at the bottom, made gray
or planar (I420), and compressed by JPEG (quality 50 and up) or H.264, as long as a cell keeps about three pixels.
"""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame

Array = npt.NDArray[Any]

MIN_WIDTH = 40
"""The narrowest picture a stamp fits into, in pixels."""

_MARK = 0xB5
_BITS = 160
_COLUMNS = ((320, 80), (80, 40), (MIN_WIDTH, 20))
_BODY = struct.Struct(">BQQ")
_SAMPLES = np.array((0.30, 0.43, 0.57, 0.70))
"""Where in a cell it is looked at: not near the edges, which blur when pictures are scaled and compressed."""


def height_of(width: int) -> int:
    """Rows of pixels that a stamp takes in a picture `width` pixels wide."""
    columns = _columns(width)
    return math.ceil(_BITS // columns * width / columns)


def write(image: Array, seq: int, captured_ns: int, white: int | None = None) -> None:
    """Draw the stamp into `image`, `(height, width)` or `(height, width, channels)`, in place.

    `white` is the value of a set cell, by default 255, or the largest value of an integer type up to 16 bits;
    others are 0. Raises `BadFrame` when the picture is narrower than 40 pixels or lower than the stamp.
    """
    height, width = image.shape[:2]
    if width < MIN_WIDTH or height < height_of(width):
        least = f"{max(width, MIN_WIDTH)}x{height_of(max(width, MIN_WIDTH))}"
        raise BadFrame(f"a picture of {width}x{height} is too small for its number in the pixels: at least {least}")
    columns = _columns(width)
    body = _BODY.pack(_MARK, seq, captured_ns)
    bits = np.unpackbits(np.frombuffer(body + _checksum(body), np.uint8)).reshape(-1, columns)
    cells = bits.astype(image.dtype) * _white(image.dtype, white)
    row_of, column_of = _pixels_of(width, columns)
    strip = cells[row_of[:, np.newaxis], column_of]
    image[: len(row_of)] = strip if image.ndim == 2 else strip[..., np.newaxis]


def read(image: Array) -> tuple[int, int] | None:
    """The `(seq, captured_ns)` written into `image`, or None when there is no readable stamp.

    Takes `(height, width)`, `(height, width, channels)` and I420 planes, of any numeric type.
    """
    if image.ndim not in (2, 3) or 0 in image.shape:
        return None
    for _, columns in _COLUMNS:
        found = _read(image, columns)
        if found is not None:
            return found
    return None


def _read(image: Array, columns: int) -> tuple[int, int] | None:
    height, width = image.shape[:2]
    cell, rows = width / columns, _BITS // columns
    y, x = _middles(rows, cell), _middles(columns, cell)
    if cell < 1 or height <= y[-1]:
        return None
    levels = image[y[:, np.newaxis], x].astype(np.float64)
    if levels.ndim == 3:
        levels = levels.mean(axis=2)
    levels = levels.reshape(rows, len(_SAMPLES), columns, len(_SAMPLES)).mean(axis=(1, 3))
    threshold = (levels.min() + levels.max()) / 2
    data = np.packbits(levels > threshold).tobytes()
    body, checksum = data[: _BODY.size], data[_BODY.size :]
    if body[0] != _MARK or checksum != _checksum(body):
        return None
    _, seq, captured_ns = _BODY.unpack(body)
    return seq, captured_ns


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")[1:]


def _columns(width: int) -> int:
    return next((columns for least, columns in _COLUMNS if width >= least), _COLUMNS[-1][1])


def _white(dtype: np.dtype[Any], given: int | None) -> Any:
    if given is None:
        given = 255 if dtype.kind == "f" or dtype.itemsize > 2 else int(np.iinfo(dtype).max)
    return dtype.type(given)


@lru_cache(maxsize=32)
def _pixels_of(width: int, columns: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Which row of cells each pixel row of the strip shows, and which column each pixel column."""
    cell = width / columns
    row_of = np.minimum((np.arange(height_of(width)) + 0.5) / cell, _BITS // columns - 1)
    return row_of.astype(np.intp), ((np.arange(width) + 0.5) / cell).astype(np.intp)


def _middles(cells: int, cell: float) -> npt.NDArray[np.intp]:
    """The pixels to look at along one side of `cells` cells, each `cell` pixels long."""
    places = (np.arange(cells)[:, np.newaxis] + _SAMPLES) * cell
    return np.asarray(places.ravel(), np.intp)
