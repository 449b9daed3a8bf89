"""Resize: larger and smaller, without the patterns that leaving out pixels makes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.areas import Area
from framebus.core.errors import BadFrame, OptionError
from framebus.ops.arguments import number, one_of, picture_size, switch, whole
from framebus.ops.cutting import cut, padded
from framebus.ops.opencv import mapped
from framebus.ops.paint import Paint
from framebus.ops.picture import PictureOp, function
from framebus.wire.limits import MAX_PIXELS

Array = npt.NDArray[Any]

FITS = ("exact", "inside", "fill", "pad")
METHODS = {
    "auto": None,
    "fast": None,
    "nearest": None,
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


class Resize(PictureOp):
    """Larger or smaller, averaged where it shrinks, so that fine patterns do not turn into coarse ones.

    size     `WIDTHxHEIGHT` in pixels
    longest  the longer side in pixels, instead of `size`; the shape is kept
    scale    a factor, instead of `size`; 0.5 is half as wide and high
    fit      what to do where the shapes differ: `exact` stretches; `inside` keeps the shape, at most `size`; `fill`
             keeps the shape, covers `size` and cuts off the rest evenly; `pad` is `inside` with bars around it
    enlarge  no: never becomes larger than it is
    colour   of the bars: a name, `#rrggbb`, or a number
    method   `auto` averages all pixels that become one, and is linear where it grows; `fast` is nearly that, several
             times as fast where it shrinks to less than half; `nearest` mixes no values, for labels and masks of any
             type; `linear`, `cubic`, `lanczos` and `area` are OpenCV's, and all but the last alias when they shrink
    """

    example = "resize=512x512,fit=fill"
    by_channel = True

    def __init__(
        self,
        size: str | None = None,
        *,
        longest: int | None = None,
        scale: float | None = None,
        fit: str = "exact",
        enlarge: bool = True,
        colour: str | float = "black",
        method: str = "auto",
    ) -> None:
        if (size, longest, scale).count(None) != 2:
            raise OptionError("give one of size (WIDTHxHEIGHT), longest and scale")
        self._size = None if size is None else picture_size(size)
        self._longest = None if longest is None else whole("longest", longest, 1, 1_000_000)
        self._scale = None if scale is None else number("scale", scale, 1e-6, 1000)
        self._fit = one_of("fit", fit, FITS)
        self._enlarge = switch("enlarge", enlarge)
        self._paint = Paint(colour)
        self._method = one_of("method", method, METHODS)

    def enough(self, full: tuple[int, int], small: tuple[int, int]) -> bool:
        """Whether a picture of width and height `small`, averaged from one of `full`, gives as good a result."""
        target = self._target(*small)
        averages = METHODS[self._method] in (None, cv2.INTER_AREA) and self._method != "nearest"
        return averages and target == self._target(*full) and target[0] <= small[0] and target[1] <= small[1]

    def apply(self, image: Array) -> Array:
        """The picture in its new size."""
        height, width = image.shape[:2]
        target = self._target(width, height)
        if target[0] * target[1] > MAX_PIXELS:
            raise BadFrame(f"resize makes {target[0]}x{target[1]} of {width}x{height}, more than {MAX_PIXELS:,} pixels")
        scaled = _scaled(image, *target, self._method)
        if self._size is None or self._fit in ("exact", "inside"):
            return scaled
        if self._fit == "pad":
            return padded(scaled, *self._size, self._paint)
        return cut(scaled, Area(min(target[0], self._size[0]), min(target[1], self._size[1])))

    def _target(self, width: int, height: int) -> tuple[int, int]:
        """Width and height before anything is cut off or added."""
        if self._size is None:
            factor = self._scale or (self._longest or 0) / max(width, height)
            return _times(width, height, factor if self._enlarge else min(1.0, factor))
        if self._fit == "exact":
            return self._size if self._enlarge else (min(width, self._size[0]), min(height, self._size[1]))
        factors = self._size[0] / width, self._size[1] / height
        factor = max(factors) if self._fit == "fill" else min(factors)
        return _times(width, height, factor if self._enlarge else min(1.0, factor))


def _times(width: int, height: int, factor: float) -> tuple[int, int]:
    return max(1, round(width * factor)), max(1, round(height * factor))


def _scaled(image: Array, width: int, height: int, method: str) -> Array:
    if image.shape[:2] == (height, width):
        return image
    if method == "nearest":
        return _nearest(image, width, height)
    if method in ("auto", "fast"):
        return mapped("resize", image, lambda part: _averaged(part, width, height, fast=method == "fast"))
    return mapped("resize", image, lambda part: _by(METHODS[method], part, width, height))


def _averaged(image: Array, width: int, height: int, *, fast: bool) -> Array:
    """Averages where it shrinks, which area does only if no side grows; linear where it grows."""
    if fast:
        image = _halved(image, width, height)
        return _by(cv2.INTER_LINEAR, image, width, height)
    least = min(width, image.shape[1]), min(height, image.shape[0])
    return _by(cv2.INTER_LINEAR, _by(cv2.INTER_AREA, image, *least), width, height)


def _halved(image: Array, width: int, height: int) -> Array:
    """By whole halves of both sides, which OpenCV has a fast way for, as often as that is not too small."""
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        image = _by(cv2.INTER_AREA, even, even.shape[1] // 2, even.shape[0] // 2)
    return image


def _by(method: Any, image: Array, width: int, height: int) -> Array:
    if image.shape[:2] == (height, width):
        return image
    resized: Array = cv2.resize(image, (width, height), interpolation=method)
    return resized


def _nearest(image: Array, width: int, height: int) -> Array:
    """The pixel under the middle of each new one, for numbers of any kind."""
    rows = (np.arange(height) * 2 + 1) * image.shape[0] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * image.shape[1] // (2 * width)
    nearest: Array = image[rows][:, columns]
    return nearest


resize = function(Resize)
