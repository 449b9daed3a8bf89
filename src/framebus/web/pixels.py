"""From any frame to what a tile shows: a part of it, made smaller, its values spread from black to white."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.ops.levels import stretched
from framebus.web import colour_maps
from framebus.web.page_messages import Look

Array = npt.NDArray[Any]

QUALITY = 80
BINS = 256
MOST_VALUES = 64 * 64
_LOOK_AT = 65_536
_CALM = 0.85
_OUTSIDE = 0.1
"""Percent of the values that may be lighter than white, and darker than black."""


class Levels:
    """Which values are black and white where nobody said; they follow the pictures slowly, so that nothing flickers."""

    def __init__(self) -> None:
        self.low = self.high = 0.0
        self._begun = False

    def follow(self, plane: Array) -> tuple[float, float]:
        """The limits for `plane`, and for the next ones."""
        values = sample(plane)
        if values.size:
            low, high = (float(value) for value in np.percentile(values, (_OUTSIDE, 100 - _OUTSIDE)))
            weight = _CALM if self._begun else 0.0
            self.low, self.high = (
                weight * before + (1 - weight) * now for before, now in ((self.low, low), (self.high, high))
            )
            self._begun = True
        return self.low, self.high


def plane_of(frame: Frame) -> Array:
    """The picture, `(height, width)` of any real type, or `(height, width, 3)` uint8 with blue first.

    Of complex numbers the magnitude, of two, five and more channels the first. Raises `BadFrame` for what is none.
    """
    if frame.format not in ("array", "gray16"):
        return frame.data if frame.format == "gray8" else frame.bgr
    data = frame.data
    if data.ndim not in (2, 3) or data.size == 0:
        raise BadFrame(f"an array of shape {data.shape} cannot be shown as a picture")
    if data.ndim == 3:
        data = data[..., :3] if data.shape[2] in (3, 4) and data.dtype == np.uint8 else data[..., 0]
    data = np.abs(data) if data.dtype.kind == "c" else data
    return data.view(np.uint8) * np.uint8(255) if data.dtype == bool else data


def factor_for(width: int, wanted: int) -> int:
    """By which whole number a picture is made smaller to be still at least `wanted` pixels wide.

    Whole numbers keep pixels square and let viewers with tiles of nearly one size share a picture.
    """
    return max(1, width // max(1, wanted))


class Rendering(NamedTuple):
    """A picture as JPEG, and which values are black and white in it."""

    data: bytes
    low: float = 0.0
    high: float = 255.0


def rendered(frame: Frame, factor: int, look: Look, levels: Levels) -> Rendering:
    """The picture as JPEG; raises `BadFrame` and `OptionError` where it cannot be shown so."""
    from framebus.wire.encodings.jpeg import Jpeg

    content = frame.content
    if factor == 1 and look == Look() and not isinstance(content, np.ndarray) and content.encoding == "jpeg":
        return Rendering(bytes(content.data))
    plane = plane_of(frame)
    low, high = limits(look, plane, levels)
    shown = seen(plane, factor, look, low, high)
    data = Jpeg(QUALITY).encode(shown, "gray8" if shown.ndim == 2 else "bgr24").data
    return Rendering(bytes(data), low, high)


def seen(plane: Array, factor: int, look: Look, low: float, high: float) -> Array:
    """The part of `plane` that `look` wants, in uint8: `(height, width)`, or with blue, green and red."""
    plane = _smaller(plane if look.area is None else _part(plane, look.area), factor)
    if plane.dtype != np.uint8 or (low, high) != (0, 255):
        plane = stretched(plane, low, high)
    return colour_maps.table(look.colours)[plane] if look.colours and plane.ndim == 2 else plane


def limits(look: Look, plane: Array, levels: Levels) -> tuple[float, float]:
    """What is shown black and white."""
    if look.low is not None and look.high is not None:
        return look.low, look.high
    low, high = (0.0, 255.0) if plane.dtype == np.uint8 else levels.follow(plane)
    return (low if look.low is None else look.low), (high if look.high is None else look.high)


def sample(plane: Array) -> Array:
    """Evenly chosen values, finite ones, at most some ten thousand."""
    step = max(1, int((plane.shape[0] * plane.shape[1] / _LOOK_AT) ** 0.5))
    values = plane[::step, ::step].ravel()
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def extremes(values: Array) -> tuple[float, float]:
    """The smallest and the largest finite value; 0 and 0 where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def histogram(plane: Array) -> dict[str, Any]:
    """How often values occur: `counts` between `low` and `high`, and what is told of them all; JSON-able."""
    values = sample(plane)
    if not values.size:
        return {"low": 0.0, "high": 0.0, "counts": [], "mean": None}
    low, high = (0.0, 255.0) if plane.dtype == np.uint8 else extremes(values)
    counts, _ = np.histogram(values.astype(np.float64), BINS, (low, high if high > low else low + 1))
    return {"low": low, "high": high, "counts": counts.tolist(), "mean": float(values.mean(dtype=np.float64))}


def values(plane: Array, area: tuple[int, int, int, int]) -> list[Any]:
    """The values of a part of at most 64x64 pixels, row by row; None for what is no number. Raises `BadFrame`."""
    if area[2] * area[3] > MOST_VALUES:
        raise BadFrame(f"the values of {area[2]}x{area[3]} pixels are too many: ask for {MOST_VALUES} at most")
    part = _part(plane, area)
    if part.dtype.kind != "f":
        return list(part.tolist())
    return [[value if math.isfinite(value) else None for value in row] for row in part.astype(np.float64).tolist()]


def _part(plane: Array, area: tuple[int, int, int, int]) -> Array:
    left, top, width, height = area
    part = plane[top : top + height, left : left + width]
    if 0 in part.shape:
        size = f"{plane.shape[1]}x{plane.shape[0]}"
        raise BadFrame(f"{width}x{height}+{left}+{top} is outside of the picture, which is {size}")
    return part


def _smaller(plane: Array, factor: int) -> Array:
    """By a whole number: the mean of the pixels of 8-bit pictures, every so many-th pixel of others."""
    factor = min(factor, *plane.shape[:2])
    if factor <= 1:
        return plane
    if plane.dtype != np.uint8:
        return plane[::factor, ::factor]
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).reduce(factor))
