"""A picture as the bytes of an image file, one function for each format, which imports what it needs."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import msgspec
import numpy as np
import simplejpeg

from framebus.batch.writing.eight_bits import eight_bits, opaque
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame

SUBSAMPLINGS = ("444", "422", "420", "440", "411")
MAX_JPEG_SIDE, MAX_WEBP_SIDE = 65_535, 16_383


class Style(msgspec.Struct, frozen=True):
    """How pictures are encoded."""

    quality: int = 95
    """Of JPEG and WebP, 1 to 100."""
    subsampling: str = "420"
    """Of colours in JPEG."""


def encode(frame: Frame, format: str, style: Style) -> bytes | memoryview:
    """The bytes of an image file of that format; raises `BadFrame` for what it cannot hold."""
    return _ENCODERS[format](frame, style)


def _jpeg(frame: Frame, style: Style) -> bytes:
    pixels, order = opaque(*eight_bits(frame))
    _check_side(pixels.shape, MAX_JPEG_SIDE, "JPEG")
    gray = order == "GRAY"
    data: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels[..., np.newaxis] if gray else pixels),
        quality=style.quality,
        colorspace=order,
        colorsubsampling="Gray" if gray else style.subsampling,
    )
    return data


def _png(frame: Frame, style: Style) -> bytes | memoryview:
    deep = frame.dtype == np.uint16 and len(frame.shape) == 3
    if frame.format == "array" and not deep and not (frame.dtype == np.uint8 and frame.shape[2:] == (4,)):
        return _pillow(frame, "PNG", alpha=True)
    from framebus.sinks.folder.encoded import file_of

    data, extension = file_of(frame, "png")
    if extension != "png":
        raise BadFrame(f"{frame.dtype} of shape {frame.shape} fits into no PNG: write .tif (format=tiff)")
    return data


def _tiff(frame: Frame, style: Style) -> bytes | memoryview:
    from framebus.sinks.folder.encoded import file_of

    return file_of(frame, "tif")[0]


def _webp(frame: Frame, style: Style) -> bytes:
    _check_side(frame.shape, MAX_WEBP_SIDE, "WebP")
    return _pillow(frame, "WEBP", alpha=True, quality=style.quality)


def _bmp(frame: Frame, style: Style) -> bytes:
    return _pillow(frame, "BMP", alpha=False)


def _gif(frame: Frame, style: Style) -> bytes:
    return _pillow(frame, "GIF", alpha=False)


def _pillow(frame: Frame, name: str, *, alpha: bool, **how: int) -> bytes:
    from PIL import Image

    pixels, order = eight_bits(frame)
    if not alpha:
        pixels, order = opaque(pixels, order)
    if order == "BGR":
        pixels = pixels[..., ::-1]
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, name, **how)
    return out.getvalue()


def _check_side(shape: tuple[int, ...], longest: int, what: str) -> None:
    if max(shape[:2]) > longest:
        raise BadFrame(f"{what} cannot hold {shape[1]:,}x{shape[0]:,} pixels, its sides are {longest:,} at most")


_ENCODERS: dict[str, Callable[[Frame, Style], bytes | memoryview]] = {
    "jpeg": _jpeg,
    "png": _png,
    "tiff": _tiff,
    "webp": _webp,
    "bmp": _bmp,
    "gif": _gif,
}
