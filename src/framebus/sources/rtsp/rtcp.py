"""RTCP (RFC 3550, section 6): the camera's clock and its goodbye, and our reports on what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

import msgspec

from framebus.core.errors import BadFrame

_SENDER, _RECEIVER, _DESCRIPTION, _GOODBYE = 200, 201, 202, 203
_HEADER = Struct(">BBH")
_SENDER_BODY = Struct(">IQIII")
_BLOCK = Struct(">IIIIII")
_NTP_TO_UNIX_S = 2_208_988_800
_CNAME = 1
_MAX_PARTS = 64


class SenderReport(msgspec.Struct, frozen=True):
    """At `utc_ns` of the camera's own clock its media clock stood at `timestamp`."""

    source: int
    utc_ns: int
    """0 where the camera does not know the time."""
    timestamp: int
    ntp: int
    """The middle 32 bits of its time, to be sent back."""


class Goodbye(msgspec.Struct, frozen=True):
    """A source ends."""

    source: int


class Seen(msgspec.Struct, frozen=True):
    """What a receiver report tells the camera."""

    source: int
    lost_share: int
    """Share lost since the last report, of 256."""
    lost: int
    highest: int
    """The highest sequence number, counted on over 65535."""
    jitter: int
    last_report: int = 0
    since_last_report_s: float = 0.0


def decode(packet: memoryview) -> list[SenderReport | Goodbye]:
    """What concerns us in a compound packet. Raises `BadFrame`."""
    found: list[SenderReport | Goodbye] = []
    for kind, count, body in _parts(packet):
        if kind == _SENDER and len(body) >= _SENDER_BODY.size:
            source, ntp, timestamp, _, _ = _SENDER_BODY.unpack_from(body)
            found.append(SenderReport(source, unix_ns(ntp), timestamp, ntp >> 16 & 0xFFFFFFFF))
        elif kind == _GOODBYE:
            sources = (int.from_bytes(body[4 * i : 4 * i + 4], "big") for i in range(min(count, len(body) // 4)))
            found.extend(Goodbye(source) for source in sources)
    return found


def receiver_report(own: int, name: str, seen: Seen | None) -> bytes:
    """The bytes of a report on one source (or none yet), with the name that every compound packet must carry."""
    block = b"" if seen is None else _block(seen)
    report = own.to_bytes(4, "big") + block
    return _packed(_RECEIVER, len(block) // _BLOCK.size, report) + _description(own, name)


def sender_report(own: int, name: str, utc_ns: int, timestamp: int, packets: int, octets: int) -> bytes:
    """The bytes of what a camera says about its clocks and counts."""
    body = _SENDER_BODY.pack(own, ntp_of(utc_ns), timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _packed(_SENDER, 0, body) + _description(own, name)


def goodbye(own: int) -> bytes:
    """The bytes of a source's end."""
    return _packed(_RECEIVER, 0, own.to_bytes(4, "big")) + _packed(_GOODBYE, 1, own.to_bytes(4, "big"))


def unix_ns(ntp: int) -> int:
    """NTP's seconds since 1900 and their fraction, 32 bits each, as nanoseconds since 1970; 0 for none.

    Times before 1970 are of cameras that count from their start: not known either.
    """
    seconds = (ntp >> 32) - _NTP_TO_UNIX_S
    return seconds * 10**9 + ((ntp & 0xFFFFFFFF) * 10**9 >> 32) if seconds > 0 else 0


def ntp_of(utc_ns: int) -> int:
    """The reverse of `unix_ns`, rounded up so that it reads back."""
    seconds, rest_ns = divmod(utc_ns, 10**9)
    return (seconds + _NTP_TO_UNIX_S << 32) + -(-(rest_ns << 32) // 10**9) & 0xFFFFFFFFFFFFFFFF


def _parts(packet: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    at = 0
    for _ in range(_MAX_PARTS):
        if at == len(packet):
            return
        if len(packet) - at < _HEADER.size or packet[at] >> 6 != 2:
            raise BadFrame("these bytes are no packet of RTCP")
        flags, kind, words = _HEADER.unpack_from(packet, at)
        stop = at + 4 + 4 * words
        if stop > len(packet):
            raise BadFrame("a packet of RTCP says it is longer than it is")
        yield kind, flags & 31, packet[at + 4 : stop]
        at = stop


def _block(seen: Seen) -> bytes:
    since = int(seen.since_last_report_s * 65536) & 0xFFFFFFFF if seen.last_report else 0
    lost = seen.lost_share << 24 | max(0, min(seen.lost, 0x7FFFFF))
    return _BLOCK.pack(seen.source, lost, seen.highest & 0xFFFFFFFF, seen.jitter, seen.last_report, since)


def _description(own: int, name: str) -> bytes:
    text = name.encode()[:255]
    item = own.to_bytes(4, "big") + bytes((_CNAME, len(text))) + text
    return _packed(_DESCRIPTION, 1, item + bytes(4 - len(item) % 4))


def _packed(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
