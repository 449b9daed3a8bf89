"""How a test camera puts its pictures into packets: RFC 6184 for H.264, RFC 7798 for H.265, by their letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MTU = 1400
"""Bytes of payload in a packet at most."""
_SPS, _PPS = 7, 8
_SETS_H265 = (32, 33, 34)


def split(data: bytes) -> list[bytes]:
    """The NAL units of Annex B, without start codes."""
    units, at = [], data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        end = len(data) if following < 0 else following
        units.append(data[at + 3 : end].rstrip(b"\0"))
        at = following
    return units


def sets_of(codec: str, units: Iterable[bytes]) -> tuple[bytes, ...]:
    """The parameter sets among NAL units."""
    if codec == "h264":
        return tuple(unit for unit in units if unit[0] & 31 in (_SPS, _PPS))
    return tuple(unit for unit in units if unit[0] >> 1 & 63 in _SETS_H265)


def payloads(codec: str, units: Sequence[bytes]) -> tuple[bytes, ...]:
    """Payloads for a picture's NAL units: small neighbours share one, large units take several."""
    parts = _parts_h264 if codec == "h264" else _parts_h265
    together = _together_h264 if codec == "h264" else _together_h265
    done: list[bytes] = []
    small: list[bytes] = []
    for unit in units:
        if small and sum(map(len, small)) + len(unit) + 2 * len(small) + 4 > MTU:
            done += together(small)
            small = []
        if len(unit) > MTU:
            done += [*together(small), *parts(unit)]
            small = []
        else:
            small.append(unit)
    return (*done, *together(small))


def _together_h264(units: Sequence[bytes]) -> list[bytes]:
    """STAP-A."""
    if len(units) < 2:
        return list(units)
    importance = max(unit[0] & 0x60 for unit in units)
    return [bytes((importance | 24,)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)]


def _parts_h264(unit: bytes) -> list[bytes]:
    """FU-A."""
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 31
    pieces = _pieces(unit[1:], MTU - 2)
    return [bytes((indicator, kind | _ends(i, len(pieces)))) + piece for i, piece in enumerate(pieces)]


def _together_h265(units: Sequence[bytes]) -> list[bytes]:
    """AP."""
    if len(units) < 2:
        return list(units)
    layer = min(unit[1] for unit in units)
    return [bytes((48 << 1, layer)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)]


def _parts_h265(unit: bytes) -> list[bytes]:
    """FU."""
    head, kind = bytes((unit[0] & 0x81 | 49 << 1, unit[1])), unit[0] >> 1 & 63
    pieces = _pieces(unit[2:], MTU - 3)
    return [head + bytes((kind | _ends(i, len(pieces)),)) + piece for i, piece in enumerate(pieces)]


def _pieces(body: bytes, most: int) -> list[bytes]:
    return [body[at : at + most] for at in range(0, len(body), most)]


def _ends(index: int, count: int) -> int:
    """The bits that say first and last."""
    return (0x80 if index == 0 else 0) | (0x40 if index == count - 1 else 0)
