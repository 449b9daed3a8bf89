"""What people type as arguments of ops: each function gives the value meant, or raises `OptionError`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from framebus.core import values
from framebus.core.errors import OptionError
from framebus.core.options import nearest
from framebus.core.units import size
from framebus.wire.limits import MAX_PIXELS


def one_of(name: str, value: Any, words: Iterable[str]) -> str:
    """One of `words`."""
    words = list(words)
    if value in words:
        return str(value)
    near = nearest(value, words) if isinstance(value, str) else f"there is {', '.join(words)}"
    raise OptionError(f"{name}={value!r} is not possible: {near}")


def number(name: str, value: Any, least: float, most: float) -> float:
    """A number between the two, both included."""
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise OptionError(f"{name}={value!r} is not possible: give a number from {least:g} to {most:g}")


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number between the two, both included."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise OptionError(f"{name}={value!r} is not possible: give a whole number from {least} to {most}")


def switch(name: str, value: Any) -> bool:
    """Yes or no, true or false."""
    try:
        return values.switch(value)
    except (AttributeError, KeyError):
        raise OptionError(f"{name}={value!r} is not possible: give yes or no") from None


def picture_size(value: Any) -> tuple[int, int]:
    """Width and height of `"WIDTHxHEIGHT"`, which is not larger than a picture may be anywhere."""
    width, height = size(value)
    if width * height > MAX_PIXELS:
        raise OptionError(f"{width}x{height} is too large: a picture has at most {MAX_PIXELS:,} pixels")
    return width, height
