"""PNG with 16 bits per colour, which Pillow would cut to 8: by OpenCV, where it is installed."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame

Array = npt.NDArray[Any]

_COLOURS = (2, 4, 6)
_DEPTH = 16


def is_one(data: bytes) -> bool:
    """True for a PNG of 16 bits with colours or transparency, by its header."""
    depth, colours = struct.unpack(">BB", data[24:26].ljust(2, b"\0"))
    return depth == _DEPTH and colours in _COLOURS


def read(data: bytes) -> Array:
    """Its pixels `(height, width, 3 or 4)`, uint16, red first. Raises `BadFrame`."""
    try:
        import cv2
    except ImportError as error:
        raise BadFrame(
            "a PNG with 16 bits per colour needs the package cv2: pip install 'framebus[opencv]', or save it as TIFF"
        ) from error
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        raise BadFrame("a damaged PNG: OpenCV cannot decode it")
    order = [2, 1, 0, 3][: found.shape[2]]
    return np.ascontiguousarray(found[..., order])
