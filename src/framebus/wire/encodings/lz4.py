"""LZ4 for every numeric array, lossless: the bytes regrouped by significance, as one LZ4 frame with a checksum.

Elements of two and more bytes are split: all first bytes, then all second bytes, and so on, because in pictures the
high bytes hardly change from pixel to pixel. Any LZ4 library reads the frame (it carries its own length).
"""

from __future__ import annotations

from typing import Any

import lz4.frame
import numpy as np

from framebus.core.errors import BadFrame
from framebus.wire.encodings.image import EncodedImage
from framebus.wire.layout import Array, array_in, bytes_of, length_of, name_of

_BEST_RATIO = 255
_FRAME_BYTES = 64


class Lz4:
    """Holds every numeric array, bit for bit. Thread-safe."""

    name = "lz4"
    lossless = True

    def encode(self, array: Array, format: str) -> EncodedImage:
        """Compress the array."""
        name_of(array.dtype)
        data = lz4.frame.compress(
            _grouped(bytes_of(array), array.dtype.itemsize),
            block_size=lz4.frame.BLOCKSIZE_MAX4MB,
            content_checksum=True,
            store_size=True,
        )
        return EncodedImage(self.name, memoryview(data), array.shape, array.dtype, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        """Decompress; `BadFrame` unless the data has exactly the length that `shape` and `dtype` ask for."""
        size = length_of(shape, dtype)
        _check_claim(data, size)
        if not size:
            return array_in(memoryview(b""), dtype, shape)
        return array_in(_in_order(_decompress(data, size), dtype.itemsize), dtype, shape)


def _check_claim(data: memoryview, size: int) -> None:
    """Refuse before allocating what so few bytes can never become, and what does not say it becomes `size`."""
    try:
        claimed = lz4.frame.get_frame_info(data)["content_size"]
    except (RuntimeError, ValueError) as error:
        raise BadFrame(f"damaged lz4: {error}") from error
    if claimed != size or size > _BEST_RATIO * data.nbytes + _FRAME_BYTES:
        raise BadFrame(f"{data.nbytes} bytes of lz4 say they hold {claimed}: {size} are needed")


def _decompress(data: memoryview, size: int) -> bytes:
    decompressor = lz4.frame.LZ4FrameDecompressor()
    try:
        plain: bytes = decompressor.decompress(data, max_length=size)
        if not decompressor.eof:  # the checksum is read only when one more byte is asked for
            plain += decompressor.decompress(b"", max_length=1)
    except (RuntimeError, ValueError, EOFError) as error:
        raise BadFrame(f"damaged lz4: {error}") from error
    if len(plain) != size or not decompressor.eof or decompressor.unused_data:
        raise BadFrame(f"damaged lz4: {len(plain)} bytes of {size}")
    return plain


def _grouped(data: memoryview, itemsize: int) -> memoryview:
    """First bytes of all elements, then second bytes, and so on."""
    if itemsize == 1:
        return data
    return np.frombuffer(data, np.uint8).reshape(-1, itemsize).T.copy().reshape(-1).data


def _in_order(data: bytes, itemsize: int) -> memoryview:
    if itemsize == 1:
        return memoryview(data)
    return np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.copy().reshape(-1).data


ENCODING = Lz4()
