"""RTP's envelope (RFC 3550): where the payload of a packet begins and ends, and the order of packets."""

from __future__ import annotations

from struct import Struct

from framebus.core.errors import BadFrame

HEADER = Struct(">BBHII")
"""Flags, marker and payload type, sequence number, timestamp, source."""
PLAIN = 0x80
"""The first byte of nearly all packets: version 2, no padding, no extension, no contributors."""
_EXTENSION = Struct(">HH")
_HALF = 1 << 15


def payload(packet: memoryview) -> memoryview:
    """What a packet carries, without contributors, extension and padding. Raises `BadFrame`."""
    flags = packet[0] if len(packet) >= HEADER.size else 0
    if flags >> 6 != 2:
        raise BadFrame("these bytes are no packet of RTP")
    start, end = HEADER.size + 4 * (flags & 15), len(packet)
    if flags & 0x10 and start + 4 <= end:
        start += 4 + 4 * _EXTENSION.unpack_from(packet, start)[1]
    if flags & 0x20:
        end -= packet[-1] or end
    if start > end:
        raise BadFrame("a packet of RTP says it is longer than it is")
    return packet[start:end]


def ahead(number: int, of: int) -> int:
    """How far one 16-bit sequence number is ahead of another; negative when it is behind."""
    return (number - of + _HALF) % (2 * _HALF) - _HALF
