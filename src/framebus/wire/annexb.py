"""Units of H.264 and H.265 in Annex B, as far as coded video is passed on, recorded and shown without being decoded."""

from __future__ import annotations

from collections.abc import Iterator

START = b"\0\0\0\1"
_MARK = b"\0\0\1"
_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}
SLICES = {"h264": range(1, 6), "h265": range(32)}


def units(data: bytes) -> Iterator[bytes]:
    """The units, without start codes and the zeros around them; searched for one by one, as they are asked for."""
    at = data.find(_MARK)
    while at >= 0:
        begin, at = at + len(_MARK), data.find(_MARK, at + len(_MARK))
        if unit := data[begin : at if at >= 0 else None].rstrip(b"\0"):
            yield unit


def kind(unit: bytes, codec: str) -> int:
    """What sort of unit it is, as the standard of `codec` (`h264`, else H.265) numbers them."""
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def parameter_sets(data: bytes, codec: str) -> bytes:
    """The parameter sets at the beginning of an access unit, with start codes; empty where there are none."""
    found = []
    for unit in units(data):
        if kind(unit, codec) in SLICES[codec]:
            break  # the picture, which is most of it
        if kind(unit, codec) in _SETS[codec]:
            found.append(START + unit)
    return b"".join(found)


def first_slice(data: bytes, codec: str) -> int | None:
    """Where the first unit that holds a part of the picture begins, with its start code; None where none does."""
    at = data.find(_MARK)
    while at >= 0:
        head = data[at + len(_MARK) : at + len(_MARK) + 1]
        if head and kind(head, codec) in SLICES[codec]:
            return len(data[:at].rstrip(b"\0"))
        at = data.find(_MARK, at + len(_MARK))
    return None
