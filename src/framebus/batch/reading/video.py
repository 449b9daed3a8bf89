"""Videos as pictures, one for each frame, through whatever reads videos here."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import numpy.typing as npt

from framebus.batch.reading.image_headers import check_pixels
from framebus.core.addresses import Path
from framebus.core.registry import SOURCES

Array = npt.NDArray[Any]


def read(path: str, max_pixels: int) -> Generator[tuple[Array, str], None, None]:
    """The pixels of every frame, and their format. Raises `BadFrame` and `Unavailable`."""
    source = SOURCES.get(os.path.splitext(path)[1][1:].lower())(Path(path))
    try:
        for frame in source:
            check_pixels(frame.shape[1], frame.shape[0], max_pixels)
            yield frame.data, frame.format
    finally:
        source.close()
