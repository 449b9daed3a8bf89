"""Any picture in the 8 bits that most image files hold, by one rule for each kind.

8 bits as they are; 16 bits divided by 257 and rounded; truth values black and white; transparency over white where
the file has none. Floating point and other integers have no range of their own, so they are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame

Array = npt.NDArray[Any]

ORDERS = {"bgr24": "BGR", "rgb24": "RGB", "gray8": "GRAY"}


def eight_bits(frame: Frame) -> tuple[Array, str]:
    """Pixels of uint8 and their order: `BGR`, `RGB`, `GRAY` (two dimensions) or `RGBA`. Raises `BadFrame`."""
    if frame.format in ORDERS:
        return frame.data, ORDERS[frame.format]
    if frame.format == "i420":
        return frame.bgr, "BGR"
    array = _bytes(frame.data)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size and array.ndim == 2:
        return array, "GRAY"
    if array.size and array.ndim == 3 and array.shape[2] in _ORDERS:
        return (_with_colours(array) if array.shape[2] == 2 else array), _ORDERS[array.shape[2]]
    raise BadFrame(f"{frame.data.dtype} of shape {frame.data.shape} is no picture: a last op has to make one of it")


def opaque(pixels: Array, order: str) -> tuple[Array, str]:
    """Without transparency: over white."""
    if order != "RGBA":
        return pixels, order
    opacity = pixels[..., 3:].astype(np.uint16)
    over = pixels[..., :3] * opacity + 255 * (255 - opacity) + 127
    return (over // 255).astype(np.uint8), "RGB"


_ORDERS = {2: "RGBA", 3: "RGB", 4: "RGBA"}


def _bytes(array: Array) -> Array:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    raise BadFrame(
        f"{array.dtype} of shape {array.shape} does not fit into 8 bits: write .tif, or let a last op bring it to uint8"
    )


def _with_colours(gray: Array) -> Array:
    """Gray and opacity as red, green, blue and opacity."""
    return gray[..., [0, 0, 0, 1]]
