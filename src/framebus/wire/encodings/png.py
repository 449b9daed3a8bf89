"""PNG through Pillow: lossless, readable everywhere; gray of 8 and 16 bits, colour of 8 bits, RGBA."""

from __future__ import annotations

import math
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from framebus.core.errors import BadFrame
from framebus.wire import limits
from framebus.wire.encodings.image import EncodedImage
from framebus.wire.layout import Array

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UINT8: np.dtype[Any] = np.dtype(np.uint8)
_UINT16: np.dtype[Any] = np.dtype(np.uint16)
_BEST_RATIO = 1032
"""What deflate manages at most."""
_GRAY, _COLOUR, _COLOUR_ALPHA = 0, 2, 6
_LAYOUTS: dict[tuple[int, int], tuple[tuple[int, ...], np.dtype[Any], str]] = {
    (8, _GRAY): ((), _UINT8, "gray8"),
    (16, _GRAY): ((), _UINT16, "gray16"),
    (8, _COLOUR): ((3,), _UINT8, "bgr24"),
    (8, _COLOUR_ALPHA): ((4,), _UINT8, "array"),
}
"""Bit depth and colour type as in the file: the channels, type and format they become."""


class Png:
    """Holds `gray8`, `gray16`, `bgr24`, `rgb24` and, as `array`, `(height, width, 4)` RGBA. Thread-safe.

    Compressed lightly (level 1), because frames come many times a second.
    """

    name = "png"
    lossless = True

    def encode(self, array: Array, format: str) -> EncodedImage:
        """Encode; raises `BadFrame` for other formats."""
        if not array.size or not _holds(array, format):
            raise BadFrame(f"png cannot hold {array.dtype} of shape {array.shape} as {format}: use lz4")
        pixels = np.ascontiguousarray(array[..., ::-1] if format == "bgr24" else array)
        out = BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=1)
        return EncodedImage(self.name, memoryview(out.getvalue()), array.shape, array.dtype, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        """Decode; the picture's own header has to agree with `shape` and `dtype`, and all checksums with the data."""
        found, own_dtype, own = self.peek(data)
        same = own == format or {own, format} == {"bgr24", "rgb24"}
        if (found, own_dtype) != (shape, dtype) or not same:
            raise BadFrame(f"the png is {own}, {own_dtype}, {found}; its header said {format}, {dtype}, {shape}")
        pixels = _pixels(data)
        if pixels.shape != shape:
            raise BadFrame(f"damaged png: it became {pixels.shape} instead of {shape}")
        pixels = np.ascontiguousarray(pixels[..., ::-1] if format == "bgr24" else pixels)
        return pixels.astype(dtype, copy=False)

    def peek(self, data: memoryview, max_pixels: int = limits.MAX_PIXELS) -> tuple[tuple[int, ...], np.dtype[Any], str]:
        """Shape, type and format by the picture's own header; colour is given as `bgr24`."""
        head = bytes(data[:33])
        if len(head) < 33 or not head.startswith(_SIGNATURE + b"\x00\x00\x00\x0dIHDR"):
            raise BadFrame("damaged png: it has no header")
        width, height, depth, colours = struct.unpack(">IIBB", head[16:26])
        if not 0 < width * height <= max_pixels:
            raise BadFrame(f"png of {width}x{height} pixels: the limit is {max_pixels}")
        if (depth, colours) not in _LAYOUTS:
            raise BadFrame(f"png with {depth} bits of colour type {colours}: save it as gray, RGB or RGBA of 8 bits")
        channels, dtype, format = _LAYOUTS[depth, colours]
        if width * height * math.prod(channels) * dtype.itemsize > _BEST_RATIO * data.nbytes:
            raise BadFrame(f"damaged png: {data.nbytes} bytes cannot hold {width}x{height} pixels")
        return (height, width, *channels), dtype, format


def _holds(array: Array, format: str) -> bool:
    if format == "array":
        return array.ndim == 3 and array.shape[2] == 4 and array.dtype == _UINT8
    return format in ("gray8", "gray16", "bgr24", "rgb24")


def _pixels(data: memoryview) -> Array:
    _check_chunks(data)
    try:
        with PngImageFile(BytesIO(data)) as picture:  # not Image.open, which would guess, and warn at its own limit
            return np.asarray(picture)
    except Exception as error:  # whatever a parser of foreign files comes up with
        raise BadFrame(f"damaged png: {error}") from error


def _check_chunks(data: memoryview) -> None:
    """Raise `BadFrame` where a chunk is cut off or fails its checksum."""
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[at : at + 8]) if at + 12 <= data.nbytes else (data.nbytes, b"")
        end = at + 8 + length
        if end + 4 > data.nbytes:
            raise BadFrame(f"damaged png: it ends in the middle, after {data.nbytes} bytes")
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise BadFrame(f"damaged png: the chunk at byte {at} fails its checksum")
        at = end + 4


ENCODING = Png()
