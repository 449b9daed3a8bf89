"""A frame as the bytes of an image file."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import tifffile

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.sinks.folder.template import FALLBACK
from framebus.wire.encodings import encode

_DEFAULT_JPEG = "jpeg=95"
_JPEG = ("jpg", "jpeg")
_JPEG_FORMATS = ("bgr24", "rgb24", "gray8")


def file_of(frame: Frame, extension: str, jpeg: str | None = None) -> tuple[bytes | memoryview, str]:
    """The bytes of an image file, and its extension: `tif` where a PNG was wanted but cannot hold the picture.

    Pictures already encoded that way are passed on untouched. `jpeg` is `jpeg=QUALITY`, which encodes them anew; 95
    for pictures that are not encoded yet. Raises `BadFrame` for what JPEG cannot hold and for damaged pictures.
    """
    frame = _as_wanted(frame)
    if extension in _JPEG:
        _check_jpeg(frame)
        return _encoded(frame, jpeg or ("jpeg" if _is(frame, "jpeg") else _DEFAULT_JPEG)), extension
    if extension == "png" and (_is(frame, "png") or _fits_png(frame)):
        return _encoded(frame, "png"), extension
    return _tiff(frame), FALLBACK if extension == "png" else extension


def _as_wanted(frame: Frame) -> Frame:
    """In the pixel format the reader asked for; planes as colour, because no image file holds planes."""
    wanted = frame.wanted if frame.wanted not in ("", "native") else frame.format
    if wanted == "i420":
        wanted = "rgb24"
    if wanted == frame.format:
        return frame
    pixels = frame.rgb if wanted == "rgb24" else frame.image
    return frame.replace(content=pixels, format=wanted, wanted="", _data=None, _image=None)


def _is(frame: Frame, encoding: str) -> bool:
    return not isinstance(frame.content, np.ndarray) and frame.content.encoding == encoding


def _encoded(frame: Frame, spec: str) -> memoryview:
    content = encode(frame, spec).content
    assert not isinstance(content, np.ndarray)  # noqa: S101  (tells the type checker what encode() promises)
    return content.data


def _check_jpeg(frame: Frame) -> None:
    if frame.format not in _JPEG_FORMATS:
        what = f"{frame.dtype} of shape {frame.shape}"
        raise BadFrame(f"stream {frame.stream!r}: {what} does not fit into a JPEG: name the files .png or .tif")


def _fits_png(frame: Frame) -> bool:
    if frame.format == "array":
        return frame.dtype == np.uint8 and len(frame.shape) == 3 and frame.shape[2] == 4
    return True


def _tiff(frame: Frame) -> bytes:
    array = frame.rgb if frame.format == "bgr24" else frame.data
    if array.size == 0:
        raise BadFrame(f"stream {frame.stream!r}: a picture of shape {array.shape} is empty and makes no file")
    colour = array.ndim == 3 and array.shape[2] in (3, 4) and array.dtype.kind == "u" and array.itemsize <= 2
    channels = {"planarconfig": "contig"} if array.ndim == 3 else {}
    out = BytesIO()
    try:
        tifffile.imwrite(out, array, photometric="rgb" if colour else "minisblack", **channels)
    except (ValueError, KeyError, TypeError) as error:
        what = f"{array.dtype} of shape {array.shape}"
        raise BadFrame(f"stream {frame.stream!r}: {what} fits into no TIFF: {error}") from error
    return out.getvalue()
