"""JPEG, by libjpeg-turbo through simplejpeg: `jpeg=QUALITY`, 1 to 100, 85 unless told otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import simplejpeg

from framebus.core.errors import BadFrame, OptionError
from framebus.wire import limits
from framebus.wire.encodings.image import EncodedImage
from framebus.wire.layout import Array

_ORDER = {"bgr24": "BGR", "rgb24": "RGB", "gray8": "GRAY"}
_MAX_SIDE = 65_535
_PIXELS_PER_BYTE = 1024
"""More than the best JPEG manages, which spends a bit on each block of 8x8."""
_UINT8: np.dtype[Any] = np.dtype(np.uint8)


class Jpeg:
    """Holds `bgr24`, `rgb24` and `gray8`; not lossless. Colour is subsampled 4:2:0. Thread-safe."""

    name = "jpeg"
    lossless = False

    def __init__(self, quality: int = 85) -> None:
        self.quality = quality

    def tuned(self, value: str) -> Jpeg:
        """With a quality of 1 to 100."""
        if not (value.isascii() and value.isdecimal() and len(value) <= 3 and 1 <= int(value) <= 100):
            raise OptionError(f"jpeg={value}: give a quality from 1 (small) to 100 (fine), e.g. jpeg=85")
        return Jpeg(int(value))

    def encode(self, array: Array, format: str) -> EncodedImage:
        """Encode; raises `BadFrame` for other formats and for sides that are empty or above 65535."""
        if format not in _ORDER:
            raise BadFrame(f"jpeg cannot hold {array.dtype} of shape {array.shape} as {format}: use lz4")
        if not (array.size and max(array.shape) <= _MAX_SIDE):
            raise BadFrame(f"jpeg cannot hold shape {array.shape}, sides are 1 to {_MAX_SIDE}: use lz4")
        pixels = np.ascontiguousarray(array.reshape(*array.shape[:2], -1))
        data = simplejpeg.encode_jpeg(
            pixels,
            quality=self.quality,
            colorspace=_ORDER[format],
            colorsubsampling="Gray" if format == "gray8" else "420",
        )
        return EncodedImage(self.name, memoryview(data), array.shape, array.dtype, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        """Decode; the picture's own header has to agree with `shape`. A truncated picture raises `BadFrame`."""
        found, _, own = self.peek(data)
        expected = "gray8" if own == "gray8" else format if format in ("bgr24", "rgb24") else own
        if (found, _UINT8, expected) != (shape, dtype, format):
            raise BadFrame(f"the jpeg is {own} of shape {found}, its header said {format}, {dtype}, {shape}")
        try:
            pixels: Array = simplejpeg.decode_jpeg(data, colorspace=_ORDER[format], strict=True)
        except ValueError as error:
            raise BadFrame(f"damaged jpeg: {error}") from error
        return pixels.reshape(shape)

    def peek(self, data: memoryview, max_pixels: int = limits.MAX_PIXELS) -> tuple[tuple[int, ...], np.dtype[Any], str]:
        """Shape, type and format by the picture's own header; colour is given as `bgr24`."""
        try:
            height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        except ValueError as error:
            raise BadFrame(f"damaged jpeg: {error}") from error
        except KeyError as error:  # 4:4:1, which it has no name for
            raise BadFrame("jpeg whose colours are sampled as 4:4:1 or by no known rule: save it as 4:2:0") from error
        if height * width > max_pixels:
            raise BadFrame(f"jpeg of {width}x{height} pixels: the limit is {max_pixels}")
        if height * width > _PIXELS_PER_BYTE * data.nbytes:
            raise BadFrame(f"damaged jpeg: {data.nbytes} bytes cannot hold {width}x{height} pixels")
        if colours in ("CMYK", "YCCK"):
            raise BadFrame(f"jpeg with {colours} colours, made for printing: save it as RGB")
        if colours == "Gray":
            return (height, width), _UINT8, "gray8"
        return (height, width, 3), _UINT8, "bgr24"


ENCODING = Jpeg()
