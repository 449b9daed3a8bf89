"""Parts of a picture, as people write them: `"640x480+100+50"`."""

from __future__ import annotations

import re
from typing import NamedTuple

from framebus.core.errors import OptionError
from framebus.core.units import size

AREAS = "'WIDTHxHEIGHT+LEFT+TOP' in pixels, or 'WIDTHxHEIGHT' for the middle, such as '640x480+100+50'"

_AREA = re.compile(r"\s*(\d{1,6}\s*[xX]\s*\d{1,6})\s*(?:\+(\d{1,6})\+(\d{1,6}))?\s*", re.ASCII)


class Area(NamedTuple):
    """A part of a picture, in pixels from its upper left corner; without a place, the middle is meant.

    `str()` gives the canonical text.
    """

    width: int
    height: int
    left: int | None = None
    top: int | None = None

    def within(self, width: int, height: int) -> tuple[int, int] | None:
        """Left and top in a picture of that size; None where it does not fit."""
        left = (width - self.width) // 2 if self.left is None else self.left
        top = (height - self.height) // 2 if self.top is None else self.top
        if left < 0 or top < 0 or left + self.width > width or top + self.height > height:
            return None
        return left, top

    def __str__(self) -> str:
        return f"{self.width}x{self.height}" + ("" if self.left is None else f"+{self.left}+{self.top}")


def area(value: str) -> Area:
    """The part of a picture written as `value`; raises `OptionError` for anything else."""
    match = _AREA.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise OptionError(f"{value!r} is no part of a picture: give {AREAS}")
    left, top = (None if number is None else int(number) for number in match.groups()[1:])
    return Area(*size(match[1]), left, top)
