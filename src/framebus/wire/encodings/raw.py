"""Plain pixels: the bytes of the array in C order, for those who want every frame to look encoded."""

from __future__ import annotations

from typing import Any

import numpy as np

from framebus.core.errors import BadFrame
from framebus.wire.encodings.image import EncodedImage
from framebus.wire.layout import Array, array_in, bytes_of, length_of, name_of


class Raw:
    """Holds every numeric array."""

    name = "raw"
    lossless = True

    def encode(self, array: Array, format: str) -> EncodedImage:
        """The array's own memory where it is contiguous."""
        name_of(array.dtype)
        return EncodedImage(self.name, bytes_of(array).toreadonly(), array.shape, array.dtype, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        """A view of `data`."""
        size = length_of(shape, dtype)
        if size != data.nbytes:
            raise BadFrame(f"raw picture of shape {shape} and {dtype} is {size} bytes, {data.nbytes} arrived")
        return array_in(data, dtype, shape)


ENCODING = Raw()
