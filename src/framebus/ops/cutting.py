"""Crop, pad, mask: parts of a picture, and what is around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.areas import Area
from framebus.core.areas import area as parse_area
from framebus.core.errors import BadFrame
from framebus.ops.arguments import picture_size
from framebus.ops.paint import Paint
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]


class Crop(PictureOp):
    """A part of the picture, as it is; a view, no copy.

    area  `WIDTHxHEIGHT+LEFT+TOP` in pixels, or `WIDTHxHEIGHT` for the middle
    """

    example = "crop=640x480+100+50"
    by_channel = True

    def __init__(self, area: str) -> None:
        self._area = parse_area(area)

    def apply(self, image: Array) -> Array:
        """The part; raises `BadFrame` where the picture is smaller."""
        return cut(image, self._area)


class Pad(PictureOp):
    """A border around the picture, so that it gets a size.

    size    `WIDTHxHEIGHT` in pixels, with the picture in the middle
    colour  of the border: a name, `#rrggbb`, or a number
    """

    example = "pad=640x640,colour=gray"

    def __init__(self, size: str, *, colour: str | float = "black") -> None:
        self._size = picture_size(size)
        self._paint = Paint(colour)

    def apply(self, image: Array) -> Array:
        """The larger picture; raises `BadFrame` where it is larger already."""
        return padded(image, *self._size, self._paint)


class Mask(PictureOp):
    """Hides a part of the picture.

    area    `WIDTHxHEIGHT+LEFT+TOP` in pixels, or `WIDTHxHEIGHT` for the middle
    colour  that it gets: a name, `#rrggbb`, or a number
    """

    example = "mask=200x100+0+0"

    def __init__(self, area: str, *, colour: str | float = "black") -> None:
        self._area = parse_area(area)
        self._paint = Paint(colour)

    def apply(self, image: Array) -> Array:
        """A copy with the part painted over; raises `BadFrame` where the picture is smaller."""
        hidden = image.copy()
        cut(hidden, self._area, "mask")[...] = self._paint.on(image)
        return hidden


def cut(image: Array, area: Area, name: str = "crop") -> Array:
    """A view of the part, or the picture itself where that is all of it; raises `BadFrame` where it does not fit."""
    height, width = image.shape[:2]
    corner = area.within(width, height)
    if corner is None:
        raise BadFrame(f"{name}={area} reaches beyond a picture of {width}x{height}: resize or pad it first")
    if (area.width, area.height) == (width, height):
        return image
    left, top = corner
    return image[top : top + area.height, left : left + area.width]


def padded(image: Array, width: int, height: int, paint: Paint) -> Array:
    """The picture in the middle of a larger one; raises `BadFrame` where it does not fit."""
    if image.shape[:2] == (height, width):
        return image
    if image.shape[0] > height or image.shape[1] > width:
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise BadFrame(f"a picture of {size} cannot be padded to {width}x{height}: crop or resize it first")
    larger = np.empty((height, width, *image.shape[2:]), image.dtype)
    larger[...] = _row(width, paint.on(image), image)
    cut(larger, Area(image.shape[1], image.shape[0]))[...] = image
    return larger


def _row(width: int, colour: Array, image: Array) -> Array:
    """Pixels of one colour: whole rows are filled many times as fast as single pixels."""
    row = np.empty((width, *image.shape[2:]), image.dtype)
    row[...] = colour
    return row


crop = function(Crop)
pad = function(Pad)
mask = function(Mask)
