"""TIFF of every depth, each page a picture; how large its pages are is looked at before they are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from framebus.batch.reading.image_headers import check_pixels
from framebus.batch.reading.orientation import UPRIGHT, upright
from framebus.sources.folder import image_file
from framebus.sources.tiff.tifffile_pages import each_page

Array = npt.NDArray[Any]

_ORIENTATION = 274


def read(path: str, data: bytes, max_pixels: int) -> Iterator[tuple[Array, str | None, bool]]:
    """Every page but reduced copies: upright pixels, their format, and whether it is one of several."""
    turned, pages = _looked_at(data, max_pixels)
    for content, format in image_file.read(path):
        array = content if isinstance(content, np.ndarray) else content.decode()
        yield upright(array, turned), format, pages > 1


def _looked_at(data: bytes, max_pixels: int) -> tuple[int, int]:
    """The orientation of the first page, and how many there are."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        turned = file.pages.first.tags.get(_ORIENTATION)
        pages = 0
        for page in each_page(file):
            check_pixels(page.imagewidth, page.imagelength, max_pixels)
            pages += not page.is_reduced
    return (UPRIGHT if turned is None else int(turned.value)), pages
