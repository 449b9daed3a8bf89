"""Gray, and what is decided by brightness alone: threshold."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.ops.arguments import number, switch, whole
from framebus.ops.dtypes import rounded
from framebus.ops.opencv import check_type, plain
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]

_BLUE_GREEN_RED = (0.114, 0.587, 0.299)
_BY_OPENCV = ("uint8", "uint16", "float32")


class GrayOp(PictureOp):
    """An op on brightness: colours become gray first, and the result has two dimensions."""

    is_gray = True

    def seen(self, frame: Frame | Array) -> Array:
        """The picture as `(height, width)`."""
        if isinstance(frame, Frame) and frame.format == "i420" and not frame.wanted:
            return frame.gray  # which is one of its planes
        return plain(grayed(super().seen(frame), self.name()))


class Gray(GrayOp):
    """Brightness alone, 0.299 red + 0.587 green + 0.114 blue: two dimensions, the same type."""

    example = "gray"

    def apply(self, image: Array) -> Array:
        """The picture, which is gray by now."""
        return image


class Threshold(GrayOp):
    """White (255) where the picture is brighter than the threshold, black elsewhere; uint8, two dimensions.

    value   a number; `otsu` finds the one that parts light from dark best, in each frame (uint8, uint16);
            `adaptive` compares each pixel with the mean around it
    block   side of the square around a pixel, for `adaptive`
    offset  how much darker than the mean still is white, for `adaptive`
    invert  yes: white where it is darker
    """

    example = "threshold=otsu"

    def __init__(
        self, value: str | float = "otsu", *, block: int = 51, offset: float = 5, invert: bool = False
    ) -> None:
        if isinstance(value, str) and value not in ("otsu", "adaptive"):
            raise OptionError(f"value={value!r} is not possible: give a number, otsu or adaptive")
        self._value = value if isinstance(value, str) else number("value", value, -1e300, 1e300)
        self._block = whole("block", block, 3, 999)
        self._offset = number("offset", offset, -1e9, 1e9)
        self._invert = switch("invert", invert)

    def apply(self, image: Array) -> Array:
        """The black and white picture."""
        white = np.greater(image.view(np.uint8) if image.dtype == bool else image, self._level(image))
        return np.asarray(np.not_equal(white, self._invert), np.uint8) * np.uint8(255)

    def _level(self, image: Array) -> Any:
        """What a pixel must be brighter than: a number, or one for each."""
        if self._value == "adaptive":
            return cv2.blur(image.astype(np.float32), (self._block, self._block)) - self._offset
        level = _otsu(image) if isinstance(self._value, str) else self._value
        return level if image.dtype.kind == "f" else math.floor(level)  # which no type of whole numbers rounds


def grayed(image: Array, name: str) -> Array:
    """The picture as `(height, width)`; raises `BadFrame` where op `name` cannot tell its colours."""
    if image.ndim == 2:
        return image
    channels = image.shape[2]
    if channels > 4:
        raise BadFrame(f"{name} makes gray of 1 to 4 channels, not of {channels}: take one of them first")
    if channels < 3:  # the second says how transparent it is
        return image[..., 0]
    if image.dtype.name in _BY_OPENCV:
        code = cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY
        converted: Array = cv2.cvtColor(plain(image), code)
        return converted
    weighted: Array = image[..., :3] @ np.array(_BLUE_GREEN_RED)
    return rounded(weighted, image.dtype)


def _otsu(image: Array) -> float:
    check_type("threshold=otsu", image, ("uint8", "uint16"))
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    return float(level)


gray = function(Gray)
threshold = function(Threshold)
