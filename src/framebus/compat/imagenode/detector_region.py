"""The part of a picture a detector looks at, in percent of its width and height."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Region(msgspec.Struct, frozen=True):
    """A rectangle, from corner to corner, 0 to 100 percent; at least one pixel wide and high."""

    left: int = 0
    top: int = 0
    right: int = 100
    bottom: int = 100

    @classmethod
    def of(cls, corners: tuple[int, ...]) -> Region:
        """From left, top, right, bottom; raises `ValueError` where they are no rectangle within the picture."""
        left, top, right, bottom = corners
        if not (0 <= left < right <= 100 and 0 <= top < bottom <= 100):
            raise ValueError
        return cls(left, top, right, bottom)

    def slices(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns in a picture of `shape` (height, width[, channels])."""
        return _span(self.top, self.bottom, shape[0]), _span(self.left, self.right, shape[1])

    def cut(self, picture: Array) -> Array:
        """That part of `picture`, a view."""
        return picture[self.slices(picture.shape)]


class Outline(msgspec.Struct, frozen=True):
    """How a region is drawn onto pictures that are sent: a line of `colour` (blue, green, red), `width` pixels wide."""

    colour: tuple[int, int, int]
    width: int

    @classmethod
    def of(cls, numbers: tuple[int, ...]) -> Outline:
        """From blue, green, red and width; raises `ValueError` for others than 0 to 255 and 1 to 100."""
        *colour, width = numbers
        if not (all(0 <= part <= 255 for part in colour) and 1 <= width <= 100):
            raise ValueError
        return cls((colour[0], colour[1], colour[2]), width)

    def draw(self, region: Region, picture: Array) -> None:
        """Draw into `picture`, `(height, width[, 3])` of uint8; gray pictures get the colour's mean."""
        part = region.cut(picture)
        ink = np.asarray(self.colour if picture.ndim == 3 else sum(self.colour) // 3, np.uint8)
        for edge in (part[: self.width], part[-self.width :], part[:, : self.width], part[:, -self.width :]):
            edge[...] = ink


def _span(first: int, last: int, length: int) -> slice:
    start = min(first * length // 100, length - 1)
    return slice(start, max(last * length // 100, start + 1))
