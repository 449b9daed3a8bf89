"""TIFF files through tifffile: any depth, every page a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

Array = npt.NDArray[Any]

_MIN_IS_WHITE, _RGB, _PALETTE = 0, 2, 3
_PLANES_APART = 2


def pages(path: str) -> Iterator[tuple[Array, str | None]]:
    """The pictures of a TIFF file and their pixel formats (None: to be guessed).

    Gray is given with 0 as black. Reduced copies (thumbnails, pyramids) are left out. Raises whatever tifffile does,
    `ValueError` or `KeyError` mostly, for damaged files and for compressions that need the package imagecodecs.
    """
    with tifffile.TiffFile(path) as file:
        if file.series and file.series[0].is_truncated:
            # ImageJ lists only the first page of large stacks; the rest follows it without an index.
            stack = file.series[0].asarray()
            yield from ((page, None) for page in stack.reshape(-1, *stack.shape[-2:]))
            return
        for page in file.pages:
            if not page.is_reduced:
                yield _picture(page.keyframe, page.asarray())


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
