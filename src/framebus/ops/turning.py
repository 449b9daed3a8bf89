"""Rotate and flip."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.ops.arguments import number, one_of, switch
from framebus.ops.opencv import MAX_SIDE, TYPES, mapped
from framebus.ops.paint import Paint
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]

_QUARTERS: dict[float, tuple[int, int]] = {
    90: (cv2.ROTATE_90_CLOCKWISE, 3),
    180: (cv2.ROTATE_180, 2),
    270: (cv2.ROTATE_90_COUNTERCLOCKWISE, 1),
}
"""OpenCV's code and numpy's number of turns to the left."""
_FLIPS: dict[str, tuple[int, tuple[int, ...]]] = {"horizontal": (1, (1,)), "vertical": (0, (0,)), "both": (-1, (0, 1))}
"""OpenCV's code and numpy's axes."""


class Rotate(PictureOp):
    """Turned clockwise: by 90, 180 and 270 degrees exactly, by others between pixels (linear).

    angle   in degrees; negative numbers turn to the left
    expand  yes: becomes as large as it takes to hold all of it; no: keeps its size, corners are cut off
    colour  of what was not in the picture: a name, `#rrggbb`, or a number
    """

    example = "rotate=90"

    def __init__(self, angle: float, *, expand: bool = True, colour: str | float = "black") -> None:
        self._angle = number("angle", angle, -3600, 3600) % 360
        self._expand = switch("expand", expand)
        self._paint = Paint(colour)

    def apply(self, image: Array) -> Array:
        """The turned picture."""
        if self._angle == 0:
            return image
        fits = self._expand or self._angle == 180 or image.shape[0] == image.shape[1]
        if self._angle in _QUARTERS and fits:
            code, turns = _QUARTERS[self._angle]
            if not _native(image):
                return np.ascontiguousarray(np.rot90(image, turns))
            return mapped("rotate", image, lambda part: cv2.rotate(part, code))
        return self._turned(image)

    def _turned(self, image: Array) -> Array:
        height, width = image.shape[:2]
        new_width, new_height = self._size(width, height)
        if max(width, height, new_width, new_height) > MAX_SIDE:
            raise BadFrame(f"rotate takes sides of up to {MAX_SIDE} pixels, not {width}x{height}: resize it first")
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -self._angle, 1)
        matrix[:, 2] += (new_width - width) / 2, (new_height - height) / 2
        border = [float(value) for value in self._paint.on(image)[:4]]
        return mapped(
            "rotate", image, lambda part: cv2.warpAffine(part, matrix, (new_width, new_height), borderValue=border)
        )

    def _size(self, width: int, height: int) -> tuple[int, int]:
        if not self._expand:
            return width, height
        sine, cosine = (abs(turn(math.radians(self._angle))) for turn in (math.sin, math.cos))
        return math.ceil(width * cosine + height * sine - 1e-6), math.ceil(width * sine + height * cosine - 1e-6)


class Flip(PictureOp):
    """Mirrored.

    direction  `horizontal` (left and right change places), `vertical`, or `both`
    """

    example = "flip=horizontal"
    by_channel = True

    def __init__(self, direction: str = "horizontal") -> None:
        self._code, self._axes = _FLIPS[one_of("direction", direction, _FLIPS)]

    def apply(self, image: Array) -> Array:
        """The mirrored picture."""
        if not _native(image):
            return np.ascontiguousarray(np.flip(image, self._axes))
        return mapped("flip", image, lambda part: cv2.flip(part, self._code))


def _native(image: Array) -> bool:
    return image.dtype.name in TYPES


rotate = function(Rotate)
flip = function(Flip)
