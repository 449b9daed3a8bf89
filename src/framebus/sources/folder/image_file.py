"""One image file as pictures: JPEG stays encoded until somebody looks, all else becomes an array of its depth."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.folder import sniff
from framebus.sources.tiff import tifffile_pages as tiff
from framebus.wire.encodings import EncodedImage, from_bytes

Array = npt.NDArray[Any]
Picture = tuple[Array | EncodedImage, str | None]
"""Pixels and their format (None: to be guessed)."""

EXTENSIONS = frozenset({"jpg", "jpeg", "png", "tif", "tiff", "bmp", "webp"})
"""What counts as an image file in a folder."""

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_FORMATS = ("PNG", "BMP", "WEBP", "TIFF")
_ORIENTATION = 0x0112
_AS_IT_IS = {"L": "gray8", "RGB": "rgb24", "RGBA": None, "LA": None, "I;16": "gray16", "I": None, "F": None}
_CONVERTED = {"1": ("L", "gray8"), "I;16B": ("I;16", "gray16"), "PA": ("RGBA", None)}
_PNG_COLOURS = (2, 4, 6)


class FileImage(EncodedImage, frozen=True):
    """An encoded picture that names its file when it turns out to be damaged."""

    path: str = ""

    def decode(self) -> Array:
        """The array; raises `BadFrame` naming the file."""
        try:
            return super().decode()
        except BadFrame as error:
            raise BadFrame(f"{self.path}: {error}") from error


def read(path: str) -> Iterator[Picture]:
    """The pictures in the file, one for each page.

    What the file is is read off its first bytes, not its name. Colour is `rgb24` or, in JPEG, `bgr24`; 16 bits stay
    16 bits; four channels are red, green, blue, opacity. Photographs are turned upright. Raises `BadFrame` naming the
    file where it is damaged, cut short or no image, and `Unavailable` when it cannot be read.
    """
    sniff.check_readable(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        yield from _pictures(path, data)
    except (BadFrame, UnidentifiedImageError) as error:
        raise BadFrame(f"{path}: {_explained(path, error)}") from error
    except Image.DecompressionBombError as error:
        raise BadFrame(f"{path} is too large to be a picture: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # parsers of foreign files raise whatever comes up
        raise BadFrame(f"{path} is damaged or cut short: {error}") from error


def _pictures(path: str, data: bytes) -> Iterator[Picture]:
    if data.startswith(_JPEG):
        yield _jpeg(path, data)
    elif data.startswith(_TIFF):
        yield from _tiff(path, data)
    else:
        if data.startswith(_PNG):
            _check_png(data)
        yield from _through_pillow(data)


def _jpeg(path: str, data: bytes) -> Picture:
    encoded = from_bytes(data)
    _check_jpeg_end(data)
    with Image.open(BytesIO(data), formats=["JPEG", "MPO"]) as image:
        if image.getexif().get(_ORIENTATION, 1) != 1:
            return _array(ImageOps.exif_transpose(image))
    whole = FileImage(encoded.encoding, encoded.data, encoded.shape, encoded.dtype, encoded.format, path)
    return whole, encoded.format


def _check_jpeg_end(data: bytes) -> None:
    """Raise `BadFrame` unless pixels begin and end: decoders fill what is missing with gray."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        at += 2 + length if marker != 0xFF else 1
        if marker == 0xDA:
            break
    if data.find(b"\xff\xd9", at) < 0:
        raise BadFrame("the JPEG is cut short: was it copied completely?")


def _check_png(data: bytes) -> None:
    depth, colours = struct.unpack(">BB", data[24:26].ljust(2, b"\0"))
    if depth == 16 and colours in _PNG_COLOURS:
        raise BadFrame("a PNG with 16 bits per colour, which Pillow would cut to 8: save it as TIFF")


def _tiff(path: str, data: bytes) -> Iterator[Picture]:
    given = False
    try:
        for picture in tiff.pages(path):
            yield picture
            given = True
    except (KeyError, ValueError) as error:
        if given or "imagecodecs" not in str(error):
            raise
        yield from _compressed_tiff(data, error)
        given = True
    if not given:
        raise BadFrame("a TIFF file without a picture")


def _compressed_tiff(data: bytes, error: Exception) -> Iterator[Picture]:
    """What Pillow's own libtiff can do without losing depth."""
    with Image.open(BytesIO(data), formats=["TIFF"]) as image:
        depths = image.tag_v2.get(258, (1,)) if hasattr(image, "tag_v2") else (1,)
    if len(depths) > 1 and max(depths) > 8:
        raise BadFrame(f"{error.args[0]}: pip install imagecodecs") from error
    yield from _through_pillow(data)


def _through_pillow(data: bytes) -> Iterator[Picture]:
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        for page in range(getattr(image, "n_frames", 1)):
            image.seek(page)
            yield _array(image)


def _array(image: Image.Image) -> Picture:
    mode = image.mode
    if mode in _AS_IT_IS:
        return np.array(image), _AS_IT_IS[mode]
    if mode == "P":
        opaque = "transparency" not in image.info
        return np.array(image.convert("RGB" if opaque else "RGBA")), "rgb24" if opaque else None
    if mode in _CONVERTED:
        target, format = _CONVERTED[mode]
        return np.array(image.convert(target)), format
    raise BadFrame(f"pictures of mode {mode} are not supported: save it as RGB")


def _explained(path: str, error: Exception) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return str(error)
    return f"cannot be read as an image: it contains {sniff.contents(path)}"
