"""TIFF files through tifffile: any depth, every page a picture."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from framebus.core.errors import BadFrame
from framebus.wire import limits

Array = npt.NDArray[Any]

_MIN_IS_WHITE, _RGB, _PALETTE = 0, 2, 3
_PLANES_APART = 2
_DEFLATE = (8, 32946)
_BEST_RATIO = 1032
"""What deflate manages at most."""
_SPARE_BYTES = 64_000_000
_PIECE = 1 << 20


def pages(path: str) -> Iterator[tuple[Array, str | None]]:
    """The pictures of a TIFF file and their pixel formats (None: to be guessed).

    Gray is given with 0 as black. Reduced copies (thumbnails, pyramids) are left out. Raises `BadFrame` for more
    pixels than are taken, and whatever tifffile does, `ValueError` or `KeyError` mostly, for damaged files and for
    compressions that need the package imagecodecs.
    """
    with tifffile.TiffFile(path) as file:
        if file.series and file.series[0].is_truncated:
            _check_claim(int(np.prod(file.series[0].shape, dtype=object)), limits.MAX_DECODED_BYTES, "values")
            # ImageJ lists only the first page of large stacks; the rest follows it without an index.
            stack = file.series[0].asarray()
            yield from ((page, None) for page in stack.reshape(-1, *stack.shape[-2:]))
            return
        for page in each_page(file):
            if not page.is_reduced:
                _check(file.filehandle, page)
                yield _picture(page.keyframe, page.asarray())


def each_page(file: tifffile.TiffFile) -> Iterator[Any]:
    """The pages of an open file; raises `BadFrame` where they follow each other in a circle."""
    seen = set()
    for page in file.pages:
        if page.offset in seen:
            raise BadFrame("its pages follow each other in a circle")
        seen.add(page.offset)
        yield page


def _check(file: Any, page: Any) -> None:
    """Raise `BadFrame` before memory is taken for what the page claims, or for what its parts unpack to."""
    _check_claim(page.imagewidth * page.imagelength * page.imagedepth, limits.MAX_PIXELS, "pixels")
    _check_claim(int(page.keyframe.nbytes), limits.MAX_DECODED_BYTES, "bytes")
    if page.keyframe.compression not in _DEFLATE:
        return
    most = 2 * int(page.keyframe.nbytes) + _SPARE_BYTES
    for at, size in zip(page.dataoffsets, page.databytecounts, strict=False):
        if size * _BEST_RATIO > most:
            file.seek(at)
            _check_unpacked(file.read(size), most)


def _check_claim(number: int, most: int, of: str) -> None:
    if number > most:
        raise BadFrame(f"it says that it has {number:,} {of}, the limit is {most:,}")


def _check_unpacked(data: bytes, most: int) -> None:
    """Deflate does not say how much it becomes: look, without keeping it."""
    unpacking, unpacked, rest = zlib.decompressobj(), 0, data
    while rest and not unpacking.eof:
        unpacked += len(unpacking.decompress(rest, _PIECE))
        rest = unpacking.unconsumed_tail
        if unpacked > most:
            raise BadFrame(f"a part of it unpacks to more than {most:,} bytes")


def _picture(page: Any, array: Array) -> tuple[Array, str | None]:
    if array.size == 0:
        raise ValueError("a page without pixels")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if page.samplesperpixel > 1 and page.planarconfig == _PLANES_APART:
        array = np.ascontiguousarray(np.moveaxis(array, 0, -1))
    if page.photometric == _PALETTE:
        return (np.moveaxis(page.colormap, 0, -1)[array] >> 8).astype(np.uint8), "rgb24"
    if page.photometric == _MIN_IS_WHITE and array.dtype.kind == "u":
        array = np.iinfo(array.dtype).max - array
    colour = page.photometric == _RGB and array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3
    return array, "rgb24" if colour else None
