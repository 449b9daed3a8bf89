"""What a browser has to be told before it decodes: the codec's name (RFC 6381) and the size of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from framebus.core.errors import BadFrame
from framebus.web.bits import Bits, unescaped
from framebus.wire.annexb import units

_H264_SPS, _H264_PPS, _H264_DELIMITER, _H265_SPS = 7, 8, 9, 33
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_SIDE = 16_384
DESCRIBED = ("h264", "h265")
"""Codecs whose parameter sets are read; others are decoded here, if at all."""


class Description(NamedTuple):
    """What the parameter sets of a stream say."""

    codec: str
    """As browsers call it: `avc1.64001f`, `hev1.1.6.L93.B0`."""
    width: int
    """In pixels; 0 where it is not read (H.265)."""
    height: int
    sps: bytes = b""
    pps: bytes = b""

    def told(self) -> dict[str, Any]:
        """What of it is told to people and players."""
        return {"codec": self.codec, "width": self.width, "height": self.height}


def without_sets(data: bytes) -> bytes:
    """An H.264 access unit as MP4 holds it: length before each unit, without parameter sets and delimiters."""
    aside = (_H264_SPS, _H264_PPS, _H264_DELIMITER)
    kept = (unit for unit in units(data) if unit[0] & 31 not in aside)
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)


def describe(codec: str, config: bytes) -> Description:
    """Read the parameter sets in `config` (Annex B) of a stream coded as one of `DESCRIBED`; raises `BadFrame`."""
    found = list(units(config))
    if codec == "h264":
        sps = _first(found, lambda unit: unit[0] & 31 == _H264_SPS)
        pps = _first(found, lambda unit: unit[0] & 31 == _H264_PPS)
        width, height = _size(sps)
        return Description("avc1." + sps[1:4].hex(), width, height, sps, pps)
    return Description(_h265_name(_first(found, lambda unit: unit[0] >> 1 & 63 == _H265_SPS)), 0, 0)


def _first(found: list[bytes], fits: Callable[[bytes], bool]) -> bytes:
    for unit in found:
        if len(unit) > 3 and fits(unit):
            return unit
    raise BadFrame("coded video without its parameter sets: is the camera still starting?")


def _h265_name(sps: bytes) -> str:
    """ISO/IEC 14496-15, E.3: profile, compatibility, tier and level, constraints."""
    head = unescaped(sps[2:])[1:13]
    if len(head) < 12:
        raise BadFrame("a parameter set that is cut short")
    space, tier, profile = head[0] >> 6, "H" if head[0] & 32 else "L", head[0] & 31
    compatible = int(f"{int.from_bytes(head[1:5], 'big'):032b}"[::-1], 2)
    constraints = head[5:11].rstrip(b"\0")
    words = [f"{'ABC'[space - 1] if space else ''}{profile}", f"{compatible:x}", f"{tier}{head[11]}"]
    return ".".join(["hev1", *words, *(f"{byte:x}" for byte in constraints)])


def _size(sps: bytes) -> tuple[int, int]:
    """Width and height in pixels, cropping considered (H.264, 7.3.2.1.1)."""
    bits = Bits(unescaped(sps[1:]))
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    chroma = _chroma(bits) if profile in _WITH_CHROMA else 1
    bits.unsigned()
    _skip_order(bits)
    bits.unsigned()
    bits.take(1)
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    frames_only = bits.take(1)
    bits.take(1 if frames_only else 2)
    left, right, top, bottom = [bits.unsigned() for _ in range(4)] if bits.take(1) else [0, 0, 0, 0]
    across, down = {0: (1, 1), 1: (2, 2), 2: (2, 1)}.get(chroma, (1, 1))
    fields = 2 - frames_only
    size = 16 * columns - across * (left + right), 16 * rows * fields - down * fields * (top + bottom)
    if not all(0 < side <= _MOST_SIDE for side in size):
        raise BadFrame(f"a parameter set that promises pictures of {size[0]}x{size[1]}")
    return size


def _chroma(bits: Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order(bits: Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
