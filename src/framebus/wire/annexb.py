"""Units of H.264 and H.265 in Annex B, as far as a camera's packets need it."""

from __future__ import annotations

import re

START = b"\0\0\0\1"
_START = re.compile(rb"\x00{2,}\x01")
_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}


def parameter_sets(data: bytes, codec: str) -> bytes:
    """The parameter sets among the units of one access unit, with start codes; empty where there are none."""
    units = _START.split(data)[1:]
    return b"".join(START + unit for unit in units if unit and _kind(unit[0], codec) in _SETS[codec])


def _kind(head: int, codec: str) -> int:
    return head & 31 if codec == "h264" else head >> 1 & 63
