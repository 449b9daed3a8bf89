"""Filters: what a pixel becomes depends on those around it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy.typing as npt

from framebus.core.errors import OptionError
from framebus.ops.arguments import number
from framebus.ops.grays import GrayOp
from framebus.ops.opencv import check_type, mapped
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]

_LEAST_SIGMA, _MOST_SIGMA = 0.1, 100.0


class Blur(PictureOp):
    """Gaussian blur.

    sigma  standard deviation in pixels
    """

    example = "blur=2.5"

    def __init__(self, sigma: float = 1.5) -> None:
        self._sigma = number("sigma", sigma, _LEAST_SIGMA, _MOST_SIGMA)

    def apply(self, image: Array) -> Array:
        """The blurred picture, of the same type."""
        return mapped("blur", image, lambda part: cv2.GaussianBlur(part, (0, 0), self._sigma))


class Sharpen(PictureOp):
    """Clearer edges: what a blur would take away is added (unsharp mask).

    amount  how much of it; 0 changes nothing
    sigma   standard deviation of the blur in pixels
    """

    example = "sharpen=0.8"

    def __init__(self, amount: float = 1.0, *, sigma: float = 1.5) -> None:
        self._amount = number("amount", amount, 0, 100)
        self._sigma = number("sigma", sigma, _LEAST_SIGMA, _MOST_SIGMA)

    def apply(self, image: Array) -> Array:
        """The sharper picture, of the same type."""
        return mapped("sharpen", image, self._sharpened)

    def _sharpened(self, part: Array) -> Any:
        blurred = cv2.GaussianBlur(part, (0, 0), self._sigma)
        return cv2.addWeighted(part, 1 + self._amount, blurred, -self._amount, 0)


class Edges(GrayOp):
    """White lines, one pixel wide, where brightness changes (Canny); uint8 in and out, two dimensions.

    low   gradient down to which a line goes on
    high  gradient from which a line begins
    """

    example = "edges=100,200"

    def __init__(self, low: float = 100, high: float = 200) -> None:
        self._low = number("low", low, 0, 10_000)
        self._high = number("high", high, 0, 10_000)
        if low > high:
            raise OptionError(f"low={low} is above high={high}: give the lower one first")

    def apply(self, image: Array) -> Array:
        """The lines on black."""
        check_type("edges", image, ("uint8",))
        lines: Array = cv2.Canny(image, self._low, self._high)
        return lines


blur = function(Blur)
sharpen = function(Sharpen)
edges = function(Edges)
