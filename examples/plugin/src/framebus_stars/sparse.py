"""`--encode sparse`: arrays that are mostly zero, without the zeros. The encoding.

One bit for each byte of the array says whether it is zero, and then come the bytes that are not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb
from framebus.plugins import EncodedImage

Array = npt.NDArray[Any]


class Sparse:
    """Holds every array, bit for bit."""

    name = "sparse"
    lossless = True

    def encode(self, array: Array, format: str) -> EncodedImage:
        """The bytes that stand for `array`, whatever lies between its rows in memory."""
        plain = np.frombuffer(array.tobytes(), np.uint8)
        data = np.packbits(plain != 0).tobytes() + plain[plain != 0].tobytes()
        return EncodedImage(self.name, memoryview(data), array.shape, array.dtype, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        """The array; `BadFrame` before memory is taken, unless the bytes are one of exactly this shape and type."""
        size = math.prod(shape) * dtype.itemsize
        bits, rest = np.frombuffer(data, np.uint8), (size + 7) // 8
        if len(bits) < rest:
            raise fb.errors.BadFrame(f"{len(bits)} bytes of sparse are too few for an array {shape} of {dtype}")
        filled = np.unpackbits(bits[:rest]).astype(bool)
        if filled[size:].any() or len(bits) - rest != np.count_nonzero(filled):
            raise fb.errors.BadFrame(f"{len(bits)} bytes of sparse are no array {shape} of {dtype}")
        plain = np.zeros(size, np.uint8)
        plain[filled[:size]] = bits[rest:]
        return plain.view(dtype).reshape(shape)


ENCODING = Sparse()
