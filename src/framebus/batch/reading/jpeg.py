"""JPEG by libjpeg-turbo: decoded only as large and as colourful as it is needed, and never with made-up pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import simplejpeg

from framebus.batch.reading.image_headers import check_pixels
from framebus.batch.reading.orientation import SIDEWAYS, UPRIGHT, orientation_in, upright
from framebus.batch.reading.wish import Enough, Wish
from framebus.core.errors import BadFrame

Array = npt.NDArray[Any]

_PRINTING = ("CMYK", "YCCK")
_SCALES = (8, 4, 2)
_EXIF = b"Exif\x00\x00"
_END = b"\xff\xd9"
_APP1, _SCAN, _FILL = 0xE1, 0xDA, 0xFF
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_PIXELS_PER_BYTE = 1024
"""More than the best JPEG manages, which spends a bit on each block of 8x8."""
_HARMLESS = "extraneous bytes before marker 0xd9"
"""Filling between the last pixel and the end, as some cameras leave it; libjpeg reports the first trouble it meets."""


class Header(NamedTuple):
    """What a JPEG says of itself."""

    width: int
    height: int
    gray: bool


def looks(data: bytes) -> Header | None:
    """Its header; None where only a general decoder can do it (colours for printing, rare subsampling).

    Raises `BadFrame` where it is cut short in its header.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except KeyError:  # 4:4:1, which it has no name for
        return None
    except ValueError as error:
        if any(marker == _SCAN for marker, _, _ in _segments(data)):
            return None
        text = f"the JPEG is cut short: it ends after {len(data):,} bytes, inside its header; was it copied completely?"
        raise BadFrame(text) from error
    return None if colours in _PRINTING else Header(width, height, colours == "Gray")


def check(data: bytes, header: Header, limit: int) -> None:
    """Raise `BadFrame` for more pixels than `limit`, and for more than so few bytes can hold."""
    width, height, _ = header
    check_pixels(width, height, limit)
    if width * height > _PIXELS_PER_BYTE * len(data):
        raise BadFrame(f"a damaged JPEG: {len(data):,} bytes cannot hold {width:,}x{height:,} pixels")


def orientation(data: bytes) -> int:
    """The orientation by its EXIF data, 1 to 8."""
    for marker, start, end in _segments(data):
        if marker == _APP1 and data.startswith(_EXIF, start):
            return orientation_in(data[start + len(_EXIF) : end])
    return UPRIGHT


def read(data: bytes, header: Header, wish: Wish) -> tuple[Array, str, str]:
    """The picture upright, its format (`bgr24` or `gray8`), and what is damaged about it: empty where nothing is.

    With `wish.enough` it may be smaller than it is, by 1/2, 1/4 or 1/8; with `wish.gray` it may be gray. Raises
    `BadFrame` saying where it is damaged, unless `wish.tolerant`.
    """
    turned = orientation(data)
    gray = wish.gray or header.gray
    how: dict[str, Any] = {"colorspace": "GRAY" if gray else "BGR"}
    if wish.enough is not None and (scale := _scale(wish.enough, header, turned)) > 1:
        how |= {"min_height": -(-header.height // scale), "min_width": -(-header.width // scale), "min_factor": 2}
    array, damage = _decoded(data, how, tolerant=wish.tolerant)
    array = array.reshape(array.shape[:2]) if gray else array
    return upright(array, turned), "gray8" if gray else "bgr24", damage


def _decoded(data: bytes, how: dict[str, Any], *, tolerant: bool) -> tuple[Array, str]:
    try:
        return simplejpeg.decode_jpeg(data, strict=True, **how), ""
    except ValueError as error:
        why = str(error)
    if _HARMLESS in why:
        return simplejpeg.decode_jpeg(data, strict=False, **how), ""
    damage = _damage(data, why)
    if not tolerant:
        raise BadFrame(f"{damage}; tolerant=True (--tolerant) keeps what there is")
    try:
        return simplejpeg.decode_jpeg(data, strict=False, **how), damage
    except ValueError as error:
        raise BadFrame(damage) from error


def _scale(enough: Enough, header: Header, turned: int) -> int:
    """The largest scale, 8, 4, 2 or 1, at which it is still as large as needed."""
    width, height = (header.height, header.width) if turned in SIDEWAYS else (header.width, header.height)
    for scale in _SCALES:
        if enough((width, height), (-(-width // scale), -(-height // scale))):
            return scale
    return 1


# what is damaged ----------------------------------------------------------------------------------------------------


def _damage(data: bytes, why: str) -> str:
    """What is wrong with it and where, as people can look it up."""
    if "premature end" not in why.lower() or data.rstrip(b"\0").endswith(_END):
        return f"a damaged JPEG: {why.rstrip('. ')}"
    return f"the JPEG is cut short: it ends after {len(data):,} bytes{_row(data)}"


def _row(data: bytes) -> str:
    """From which row on pixels are missing; empty where the decoder cannot tell."""
    if any(marker in _PROGRESSIVE for marker, _, _ in _segments(data)):
        return ", before all passes over the picture were there"
    try:
        gray = simplejpeg.decode_jpeg(data, colorspace="GRAY", strict=False)[:, :, 0]
    except ValueError:
        return ", before its pixels begin"
    # What is missing is filled with one value from the last block on, in which nothing changes from row to row.
    changing = np.flatnonzero(np.any(gray[1:] != gray[:-1], axis=1))
    row = int(changing[-1]) + 1 if changing.size else 0
    return f", at about row {row} of {gray.shape[0]}" if row < gray.shape[0] - 1 else ", at its last row"


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the contents of every segment up to the first scan, that one included."""
    at = 2
    while at + 4 <= len(data) and data[at] == _FILL:
        marker = data[at + 1]
        if marker == _FILL:
            at += 1
            continue
        end = at + 2 + (data[at + 2] << 8 | data[at + 3])
        yield marker, at + 4, end
        if marker == _SCAN:
            return
        at = end
