"""Values that carry their unit: `"200ms"`, `"256MB"`, `"512x512"`; a bare number is seconds or bytes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from framebus.core.errors import OptionError

DURATIONS = "seconds (5, 0.2) or a number with us, ms, s, min, h or d ('200ms', '10min')"
BYTES = "bytes (1000000) or a number with KB, MB, GB, TB or KiB, MiB, GiB, TiB ('256MB')"
SIZES = "'WIDTHxHEIGHT' in pixels, such as '512x384'"

_DURATION_UNITS = {
    "": 1.0,
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    **dict.fromkeys(("microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("millisecond", "milliseconds", "msec"), 1e-3),
    **dict.fromkeys(("second", "seconds", "sec", "secs"), 1.0),
    **dict.fromkeys(("minute", "minutes", "mins"), 60.0),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), 3600.0),
    **dict.fromkeys(("day", "days"), 86400.0),
    **dict.fromkeys(("week", "weeks"), 7 * 86400.0),
}
"""No `m`, which some take for minutes and others for months."""
_BYTE_UNITS = {
    "": 1,
    "b": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", 1)},
}
_LETTERS = 2
_QUANTITY = re.compile(r"\s*(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})\s*([A-Za-z]*)\s*", re.ASCII)
_SIZE = re.compile(r"\s*(\d{1,9})\s*[xX]\s*(\d{1,9})\s*", re.ASCII)


def duration(value: float | str) -> float:
    """`5`, `"200ms"`, `"10min"`, `"2h"`, `"14d"` or `"14 days"` as seconds; a bare number is seconds.

    Raises `OptionError` for anything else, negative and endless values included.
    """
    amount = _quantity(value, _DURATION_UNITS)
    if amount is None:
        raise OptionError(f"{value!r} is not a duration: give {DURATIONS}")
    return float(amount)


def nbytes(value: int | str) -> int:
    """`1000`, `"256MB"`, `"2TB"` or `"64MiB"` as bytes; a bare number is bytes.

    Raises `OptionError` for anything else, negative values and parts of a byte included.
    """
    amount = _quantity(value.lower() if isinstance(value, str) else value, _BYTE_UNITS)
    if amount is None or amount != int(amount):
        raise OptionError(f"{value!r} is not an amount of data: give {BYTES}")
    return int(amount)


def size(value: str) -> tuple[int, int]:
    """`"512x384"` as `(width, height)`, both at least 1; raises `OptionError` for anything else."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    width, height = (0, 0) if match is None else (int(match[1]), int(match[2]))
    if width == 0 or height == 0:
        raise OptionError(f"{value!r} is not a size: give {SIZES}")
    return width, height


def _quantity(value: object, units: Mapping[str, float]) -> float | None:
    """Number times unit, as an int where both are; None when it is no such thing, negative or endless."""
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        unit = None if match is None else _unit(match[2], units)
        if match is None or unit is None:
            return None
        return (int(match[1]) if match[1].isdecimal() else float(match[1])) * unit
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < math.inf else None


def _unit(word: str, units: Mapping[str, float]) -> float | None:
    """Words may be written `Days`; of one or two letters, `S` and `Ms` are something else."""
    return units.get(word.lower() if len(word) > _LETTERS else word)
