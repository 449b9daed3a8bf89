"""The pictures in one file, whatever it is called: photographs, scans, animations, films.

What reads a kind of file is imported when the first of its kind comes.

| what                      | rule                                                                           |
| ------------------------- | ------------------------------------------------------------------------------ |
| kind of file              | by its first bytes, never by its name                                          |
| several pictures          | pages of a TIFF, frames of an animation or a video: each is a picture          |
| 8 and 16 bits, floats     | kept as they are                                                               |
| gray                      | stays gray                                                                     |
| palettes                  | become RGB, or RGBA where they are transparent                                 |
| transparency              | kept as a fourth channel (red, green, blue, opacity)                           |
| CMYK, YCCK, YCbCr, Lab    | become RGB without a colour profile                                            |
| EXIF orientation          | applied: pictures are upright, and what is made of them carries no orientation |
| too many pixels           | refused by the header, before anything is decoded                              |
| damaged, cut short        | refused, saying where; a JPEG may be kept (`tolerant`), which is told          |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy.typing as npt

from framebus.batch.reading import image_headers, jpeg
from framebus.batch.reading.wish import Wish
from framebus.core.errors import BadFrame, Error
from framebus.sources.folder import sniff

Array = npt.NDArray[Any]

_PNG_END = b"IEND\xae\x42\x60\x82"


class Picture(NamedTuple):
    """One picture of a file."""

    array: Array
    format: str | None
    """`bgr24`, `rgb24`, `gray8`, `gray16`; None: to be guessed."""
    several: bool = False
    """It is one of several in its file."""
    damage: str = ""
    """What is missing of it; empty where it is whole."""


def read(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    """The pictures in the file at `path`, which holds `data`; raises `BadFrame` that does not repeat the path."""
    if not data:
        raise BadFrame("it is empty (0 bytes): was it copied completely?")
    kind = image_headers.kind_of(data)
    if kind is None:
        raise BadFrame(f"it cannot be read as an image: it contains {sniff.contents(path)}")
    try:
        yield from _READERS[kind](path, data, wish)
    except (Error, MemoryError):
        raise
    except Exception as error:  # parsers of foreign files raise whatever comes up
        raise BadFrame(f"a damaged {kind.upper()}: {str(error) or type(error).__name__}") from error


def frames_of(path: str, wish: Wish) -> Iterator[Picture]:
    """The frames of the video at `path`; raises `BadFrame` and `Unavailable`."""
    from framebus.batch.reading import video

    with closing(video.read(path, wish.max_pixels)) as frames:
        for array, format in frames:
            yield Picture(array, format, several=True)


def _jpeg(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    header = jpeg.looks(data)
    if header is None:
        yield from _general(path, data, wish)
        return
    jpeg.check(data, header, wish.max_pixels)
    array, format, damage = jpeg.read(data, header, wish)
    yield Picture(array, format, damage=damage)


def _png(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    image_headers.check_pixels(*image_headers.size_of(data, "png"), wish.max_pixels)
    if data.rfind(_PNG_END) < 0:
        raise BadFrame(f"the PNG is cut short: it ends after {len(data):,} bytes; was it copied completely?")
    from framebus.batch.reading import deep_png

    if deep_png.is_one(data):
        yield Picture(deep_png.read(data), None)
    else:
        yield from _general(path, data, wish)


def _plain(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    kind = image_headers.kind_of(data)
    assert kind is not None  # noqa: S101  (tells the type checker)
    image_headers.check_pixels(*image_headers.size_of(data, kind), wish.max_pixels)
    yield from _general(path, data, wish)


def _general(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    kind = image_headers.kind_of(data)
    assert kind is not None  # noqa: S101  (tells the type checker)
    from framebus.batch.reading import general

    for array, format, several in general.read(data, kind, wish.max_pixels):
        yield Picture(array, format, several)


def _tiff(path: str, data: bytes, wish: Wish) -> Iterator[Picture]:
    from framebus.batch.reading import tiff

    for array, format, several in tiff.read(path, data, wish.max_pixels):
        yield Picture(array, format, several)


_READERS = {"jpeg": _jpeg, "png": _png, "tiff": _tiff, "gif": _plain, "bmp": _plain, "webp": _plain}
