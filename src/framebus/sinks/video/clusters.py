"""Matroska written so that it is whole after every picture, with an index once it is finished. Pure.

Each picture is a cluster of its own (RFC 9559, 5.1.3). `finish` appends cues of the key frames, says where they are in
the room that was left at the beginning, and fills in how long and how large everything is.
"""

from __future__ import annotations

import struct

TICK_NS = 1_000_000
_CLUSTER, _TIME, _BLOCK = b"\x1f\x43\xb6\x75", b"\xe7", b"\xa3"
_CUES, _POINT, _POINT_TIME, _POSITIONS = b"\x1c\x53\xbb\x6b", b"\xbb", b"\xb3", b"\xb7"
_TRACK, _CLUSTER_AT = b"\xf7", b"\xf1"
_SEGMENT, _INFO, _TRACKS, _TAGS = b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x12\x54\xc3\x67"
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_AT = b"\x11\x4d\x9b\x74", b"\x4d\xbb", b"\x53\xab", b"\x53\xac"
_DURATION, _VOID = b"\x44\x89\x88", b"\xec"
_LEFT_FOR_DURATION = b"\xec\x01\0\0\0\0\0\0\x02\0\0"


class Matroska:
    """The bytes of one file with one track; times in ticks of a microsecond."""

    def __init__(self, header: bytes) -> None:
        """`header`: all that comes before the first cluster, with a segment of unknown size and room for a duration."""
        self.header = header
        self._segment_at = header.index(_SEGMENT) + 12
        self._cues: list[tuple[int, int]] = []
        self._last = self._usual = 0
        self._before = (0, 0, 0)

    def picture(self, data: bytes, *, dts: int, pts: int, key: bool, at: int) -> bytes:
        """What to append, at `at`, for a picture."""
        self._before = len(self._cues), self._last, self._usual
        shown = pts * 1000 // TICK_NS
        block = _element(_BLOCK, b"\x81\0\0" + (b"\x80" if key else b"\0") + data)
        if key:
            self._cues.append((shown, at - self._segment_at))
        self._usual, self._last = max(0, shown - self._last), max(shown, self._last)
        return _element(_CLUSTER, _element(_TIME, struct.pack(">Q", shown)) + block)

    def undo(self) -> None:
        """The latest picture was not written."""
        cues, self._last, self._usual = self._before
        del self._cues[cues:]

    def finish(self, end: int) -> list[tuple[int, bytes]]:
        """What to write where, in this order, in a file of `end` bytes."""
        cues = _element(_CUES, b"".join(_point(shown, at) for shown, at in self._cues))
        size = end + len(cues) - self._segment_at
        return [
            (end, cues),
            *self._seek_head(end - self._segment_at),
            *self._duration(),
            (self._segment_at - 8, struct.pack(">Q", size | 1 << 56)),
        ]

    def _duration(self) -> list[tuple[int, bytes]]:
        at = self.header.find(_LEFT_FOR_DURATION, self.header.index(_INFO))
        lasts = struct.pack(">d", float(self._last + (self._usual or 40)))
        return [(at, _DURATION + lasts)] if at >= 0 else []

    def _seek_head(self, cues_at: int) -> list[tuple[int, bytes]]:
        """In the room left for it, where there is enough."""
        begin = self._segment_at
        if self.header[begin : begin + 1] != _VOID:
            return []
        room = _room(self.header, begin)
        places = [(kind, self.header.find(kind, begin) - begin) for kind in (_INFO, _TRACKS, _TAGS)]
        head = _element(_SEEK_HEAD, b"".join(_seek(kind, at) for kind, at in [*places, (_CUES, cues_at)] if at >= 0))
        left = room - len(head)
        return [(begin, head + _VOID + struct.pack(">Q", left - 9 | 1 << 56))] if left >= 9 else []


def _point(shown: int, at: int) -> bytes:
    positions = _element(_TRACK, b"\x01") + _element(_CLUSTER_AT, struct.pack(">Q", at))
    return _element(_POINT, _element(_POINT_TIME, struct.pack(">Q", shown)) + _element(_POSITIONS, positions))


def _seek(kind: bytes, at: int) -> bytes:
    return _element(_SEEK, _element(_SEEK_ID, kind) + _element(_SEEK_AT, struct.pack(">Q", at)))


def _element(kind: bytes, content: bytes) -> bytes:
    size = len(content)
    return kind + (bytes((0x80 | size,)) if size < 0x7F else struct.pack(">Q", size | 1 << 56)) + content


def _room(header: bytes, at: int) -> int:
    """The size of the void element there, its head included."""
    first = header[at + 1]
    length = 9 - first.bit_length()
    size = int.from_bytes(header[at + 1 : at + 1 + length], "big") & (1 << 7 * length) - 1
    return 1 + length + size
