"""Pictures cut, turned and resized as they are taken: planes stay planes where they can."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core.areas import Area, area
from framebus.core.errors import BadFrame
from framebus.core.formats import convert
from framebus.core.frame import Frame
from framebus.core.options import check
from framebus.core.units import size as parse_size

Array = npt.NDArray[Any]


class Shape(msgspec.Struct, frozen=True):
    """What is made of each picture: first cut, then turned clockwise, then resized."""

    crop: Area | None = None
    turn: int = 0
    resize: tuple[int, int] | None = None
    """Width and height."""

    @classmethod
    def parse(cls, *, crop: str | None = None, turn: int | str | None = None, resize: str | None = None) -> Shape:
        """From what people type; raises `OptionError`."""
        return cls(
            crop=None if crop is None else area(check("crop", crop)),
            turn=check("turn", turn) or 0,
            resize=None if resize is None else parse_size(check("resize", resize)),
        )

    @property
    def plain(self) -> bool:
        """Whether pictures stay as they are."""
        return self.crop is None and self.turn == 0 and self.resize is None

    def of(self, frame: Frame) -> Frame:
        """`frame` in this shape; an encoded one is decoded for it. Raises `BadFrame` where `crop` does not fit."""
        if self.plain:
            return frame
        array, format = frame.data, frame.format
        if format == "i420" and not self._keeps_planes(array):
            array, format = convert(array, "i420", "bgr24"), "bgr24"
        made = self._planes(array) if format == "i420" else self._pixels(array)
        return frame.replace(content=made, format=format, _data=None, _image=None)

    def _keeps_planes(self, array: Array) -> bool:
        """Colour has half the resolution: only even places and sizes leave it where it belongs."""
        crop, size = self.crop, self.resize
        if crop is not None:
            place = _place(crop, array.shape[1], array.shape[0] * 2 // 3)
            if any(number % 2 for number in (*place, crop.width, crop.height)):
                return False
        return size is None or not any(number % 2 for number in size)

    def _planes(self, array: Array) -> Array:
        height, width = array.shape[0] * 2 // 3, array.shape[1]
        halves = array[height:].reshape(2, height // 2, width // 2)
        planes = [self._pixels(array[:height])]
        half = self._halved(width, height)
        planes += [half._pixels(plane) for plane in halves]
        return np.concatenate([plane.ravel() for plane in planes]).reshape(-1, planes[0].shape[1])

    def _halved(self, width: int, height: int) -> Shape:
        crop, size = self.crop, self.resize
        if crop is not None:
            left, top = _place(crop, width, height)
            crop = Area(crop.width // 2, crop.height // 2, left // 2, top // 2)
        return Shape(crop, self.turn, None if size is None else (size[0] // 2, size[1] // 2))

    def _pixels(self, array: Array) -> Array:
        if self.crop is not None:
            left, top = _place(self.crop, array.shape[1], array.shape[0])
            array = array[top : top + self.crop.height, left : left + self.crop.width]
        if self.turn:
            array = np.rot90(array, -self.turn // 90)
        if self.resize is not None and self.resize != (array.shape[1], array.shape[0]):
            return resized(array, *self.resize)
        return np.ascontiguousarray(array)


def _place(crop: Area, width: int, height: int) -> tuple[int, int]:
    place = crop.within(width, height)
    if place is None:
        raise BadFrame(f"crop={crop} does not fit into its picture of {width}x{height}: give a smaller part")
    return place


def resized(array: Array, width: int, height: int) -> Array:
    """`array` `(height, width[, channels])` in another size; made smaller, every pixel counts for what it covers.

    Takes `uint8` with up to four channels, and two dimensions of any number type.
    """
    from PIL import Image

    smaller = width < array.shape[1] or height < array.shape[0]
    filter = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    if array.dtype == np.uint8:
        return np.asarray(Image.fromarray(np.ascontiguousarray(array)).resize((width, height), filter))
    fine = np.asarray(Image.fromarray(array.astype(np.float32)).resize((width, height), filter))
    if array.dtype.kind in "ui":
        limits = np.iinfo(array.dtype)
        fine = np.clip(np.rint(fine), limits.min, limits.max)
    return fine.astype(array.dtype)
