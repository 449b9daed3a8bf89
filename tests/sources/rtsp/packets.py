"""What cameras send, made by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from framebus.core.frame import Packet
from framebus.sources.rtsp.access_units import AccessUnits
from framebus.sources.rtsp.partial_unit import START

SPS, PPS, SEI, AUD = (
    bytes.fromhex("6742c01e"),
    bytes.fromhex("68ce3c80"),
    bytes.fromhex("0605ff"),
    bytes.fromhex("09f0"),
)
OTHER_SPS = bytes.fromhex("6742c028")
KEY = bytes.fromhex("6588") + bytes(range(60))
"""A slice of a key frame that begins with macroblock 0."""
PART = bytes.fromhex("419a") + bytes(range(40))
"""A slice of a picture that builds on others, beginning with macroblock 0."""
LATER_SLICE = bytes.fromhex("4120") + bytes(range(20))
"""A slice that begins further down."""
LATER_KEY_SLICE = bytes.fromhex("6520") + bytes(range(20))


def annexb(*units: bytes) -> bytes:
    """NAL units with start codes."""
    return b"".join(START + unit for unit in units)


def stap(*units: bytes) -> bytes:
    """Several units of H.264 in one payload."""
    return bytes((24 | 0x60,)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def fu(unit: bytes, size: int = 16) -> list[bytes]:
    """One unit of H.264 in several payloads."""
    pieces = [unit[1:][at : at + size] for at in range(0, len(unit) - 1, size)]
    ends = [(0x80 if i == 0 else 0) | (0x40 if i == len(pieces) - 1 else 0) for i in range(len(pieces))]
    head = unit[0] & 0x60 | 28
    return [bytes((head, unit[0] & 31 | end)) + piece for piece, end in zip(pieces, ends, strict=True)]


def rtp(number: int, timestamp: int, payload: bytes, marker: bool = False, source: int = 7) -> bytes:
    """A packet of RTP, payload type 96."""
    return struct.pack(">BBHII", 0x80, 96 | marker << 7, number & 0xFFFF, timestamp, source) + payload


def feed(units: AccessUnits, timestamp: int, payloads: Iterable[bytes], marker: bool = True) -> list[Packet]:
    """One picture's payloads, the last with the marker; what came out."""
    payloads = list(payloads)
    for index, payload in enumerate(payloads):
        units.add(memoryview(payload), timestamp, marker and index == len(payloads) - 1, timestamp, timestamp)
    given = list(units.ready)
    units.ready.clear()
    return given
