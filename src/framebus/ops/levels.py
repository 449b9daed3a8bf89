"""Levels: 16-bit and real numbers as pictures one can look at, and negatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import OptionError
from framebus.ops.arguments import number
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]

_ANY = 1e300
_LOOKED_AT = 262_144
"""Pixels from which percentiles are taken."""


class Normalise(PictureOp):
    """Stretched so that each frame's least value becomes 0 and its greatest 255; uint8.

    percent  instead of least and greatest, the values that so many percent are below and above: 1 ignores hot pixels
    """

    example = "normalise=1"

    def __init__(self, percent: float = 0) -> None:
        self._percent = number("percent", percent, 0, 49)

    def apply(self, image: Array) -> Array:
        """The picture in uint8; what is no number becomes 0, and so does a picture that is the same everywhere."""
        return stretched(image, *self._limits(image))

    def _limits(self, image: Array) -> tuple[float, float]:
        values = _every_few(image) if self._percent else image
        values = values.view(np.uint8) if values.dtype == bool else values
        limits = self._limits_of(values)
        if np.isfinite(limits).all():
            return limits
        values = values[np.isfinite(values)]
        return self._limits_of(values) if values.size else (0, 0)

    def _limits_of(self, values: Array) -> tuple[float, float]:
        if not self._percent:
            return float(values.min()), float(values.max())
        low, high = np.percentile(values, (self._percent, 100 - self._percent))
        return float(low), float(high)


class Window(PictureOp):
    """Stretched so that one value becomes 0 and another 255, the same in all frames; uint8.

    low, high     the two values; what is beyond becomes 0 or 255
    level, width  instead: the value in the middle, and how far the two are apart
    """

    example = "window=0,4095"

    def __init__(
        self,
        low: float | None = None,
        high: float | None = None,
        *,
        level: float | None = None,
        width: float | None = None,
    ) -> None:
        given = [value is not None for value in (low, high, level, width)]
        if given == [False, False, True, True]:
            middle, half = number("level", level, -_ANY, _ANY), number("width", width, 1e-300, _ANY) / 2
            low, high = middle - half, middle + half
        elif given != [True, True, False, False]:
            raise OptionError("give two values: low and high, or level and width")
        self._low, self._high = number("low", low, -_ANY, _ANY), number("high", high, -_ANY, _ANY)
        if self._low >= self._high:
            raise OptionError(f"low={self._low:g} is not below high={self._high:g}: give the lower one first")

    def apply(self, image: Array) -> Array:
        """The picture in uint8; what is no number becomes 0."""
        return stretched(image, self._low, self._high)


class Invert(PictureOp):
    """The negative: black becomes white; white is 1.0 in pictures of real numbers."""

    example = "invert"

    def apply(self, image: Array) -> Array:
        """The negative, of the same type."""
        if image.dtype.kind in "bui":
            return ~image  # which is the largest number minus it, and -1 - it where there are negative ones
        white = image.dtype.type(1)
        negative: Array = white - image
        return negative


def stretched(image: Array, low: float, high: float) -> Array:
    """The picture in uint8, with `low` as 0 and `high` as 255; all 0 where they are the same."""
    if image.dtype.name in ("uint8", "uint16"):
        return _stretched(np.arange(np.iinfo(image.dtype).max + 1), low, high)[image]
    return _stretched(image, low, high)


def _stretched(values: Array, low: float, high: float) -> Array:
    exact = np.float32 if values.dtype in (np.float32, np.float16) and 1e-30 < high - low < 1e30 else np.float64
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    scaled = np.subtract(values, exact(low), dtype=exact)
    np.multiply(scaled, exact(255 / (high - low)), out=scaled)
    np.fmin(np.fmax(scaled, 0, out=scaled), 255, out=scaled)  # unlike a clip, they make 0 of what is no number
    return np.rint(scaled, out=scaled).astype(np.uint8)


def _every_few(image: Array) -> Array:
    """Evenly chosen pixels, at most about `_LOOKED_AT` of them."""
    step = int(np.ceil((image.shape[0] * image.shape[1] / _LOOKED_AT) ** 0.5))
    return image[::step, ::step]


normalise = function(Normalise)
window = function(Window)
invert = function(Invert)
