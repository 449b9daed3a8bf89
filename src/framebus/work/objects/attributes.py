"""What each attribute of an object elsewhere takes, and whether what somebody typed is that."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from framebus.core.frame import Frame
from framebus.pool.answers import kind_of
from framebus.pool.jsonable import jsonable
from framebus.work.objects.members import Member

Takes = Literal["switch", "whole", "number", "text", "json", "nothing"]

_TYPES: dict[str, Takes] = {"bool": "switch", "int": "whole", "float": "number", "str": "text"}
_SAID: dict[Takes, str] = {
    "switch": "true or false",
    "whole": "a whole number",
    "number": "a number",
    "text": "text",
    "json": "a value written as JSON",
    "nothing": "no value: it can only be read",
}


def takes(member: Member, value: Any) -> Takes:
    """What it can be set to: by its declared type, else by the value it has."""
    if not member.writable or isinstance(value, Frame | np.ndarray):
        return "nothing"
    return _TYPES.get(member.type.removesuffix(" | None")) or _TYPES.get(kind_of(value), "json")


def fault(kind: Takes, value: Any) -> str:
    """Why `value` is nothing to set it to; empty where it is."""
    fits = {
        "switch": isinstance(value, bool),
        "whole": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool) and _is_float(value),
        "text": isinstance(value, str),
        "json": True,
        "nothing": False,
    }
    return "" if fits[kind] else f"takes {_SAID[kind]}"


def plain(value: Any) -> Any:
    """What JSON can say of a value."""
    return jsonable(value, _told)


def _told(value: Any) -> Any:
    if isinstance(value, Frame):
        return {"shape": list(value.shape), "dtype": str(value.dtype), "format": value.format}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False
