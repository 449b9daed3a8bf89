"""Colours as people write them, in the numbers of any picture."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import OptionError
from framebus.core.options import nearest
from framebus.ops.dtypes import full_scale, rounded

Array = npt.NDArray[Any]

NAMES = {
    "black": 0x000000,
    "white": 0xFFFFFF,
    "gray": 0x808080,
    "red": 0xFF0000,
    "green": 0x00C000,
    "lime": 0x00FF00,
    "blue": 0x0000FF,
    "yellow": 0xFFFF00,
    "cyan": 0x00FFFF,
    "magenta": 0xFF00FF,
    "orange": 0xFF8000,
    "purple": 0x8000C0,
    "pink": 0xFF80C0,
    "brown": 0x804000,
}
_HEX = re.compile(r"#([0-9a-fA-F]{6})")


class Paint:
    """A name, `"#rrggbb"`, or a number that all channels get, in the picture's own numbers.

    Raises `OptionError` for anything else.
    """

    def __init__(self, value: Any) -> None:
        self._number: float | None = None
        self._rgb = 0
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            self._number = value
        elif isinstance(value, str):
            self._rgb = _parsed(value)
        else:
            raise _refused(value, f"there is {', '.join(NAMES)}")

    def on(self, image: Array) -> Array:
        """The value of each channel of `image`, of its type; as bright as the colour where it has no colours."""
        channels = image.shape[2] if image.ndim == 3 else 1
        if self._number is not None:
            return rounded(np.full(channels, self._number, float), image.dtype)
        return rounded(np.array(self._shares(channels)) * full_scale(image.dtype), image.dtype)

    def _shares(self, channels: int) -> list[float]:
        red, green, blue = ((self._rgb >> shift & 255) / 255 for shift in (16, 8, 0))
        if channels in (3, 4):
            return [blue, green, red, 1.0][:channels]
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        return [luma, 1.0] if channels == 2 else [luma] * channels


def _parsed(text: str) -> int:
    if match := _HEX.fullmatch(text):
        return int(match[1], 16)
    if text not in NAMES:
        raise _refused(text, nearest(text, NAMES))
    return NAMES[text]


def _refused(value: Any, near: str) -> OptionError:
    return OptionError(f"colour={value!r} is not possible: give a name, '#rrggbb' or a number; {near}")
