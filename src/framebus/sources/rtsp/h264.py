"""H.264 in RTP (RFC 6184): single NAL units, several in one packet (STAP-A), one in several packets (FU-A)."""

from __future__ import annotations

from framebus.core.errors import BadFrame
from framebus.sources.rtsp.partial_unit import Picture

_PART, _PART_B, _KEY, _SEI, _SPS, _PPS, _DELIMITER = 1, 2, 5, 6, 7, 8, 9
_STAP_A, _FU_A = 24, 28
_SLICES = (_PART, _PART_B, _KEY)
_SETS = (_SPS, _PPS)
_RECOVERY_POINT = 6


class H264:
    """One camera's H.264."""

    codec = "h264"

    def add(self, payload: memoryview, picture: Picture) -> None:
        """Put what a packet carries into the picture. Raises `BadFrame`."""
        if payload[0] > 0x7F:
            raise BadFrame("a NAL unit is marked as damaged")
        kind = payload[0] & 31
        if kind == _FU_A:
            self._piece(payload, picture)
        elif picture.open:
            raise BadFrame("a NAL unit is not complete")
        elif kind == _STAP_A:
            self._several(payload, picture)
        else:
            self._whole(payload, picture)

    def begins(self, payload: memoryview, sets_inside: bool) -> bool:
        """True where nothing of the access unit can have come before this packet."""
        kind, body = payload[0] & 31, payload[1:]
        if kind == _STAP_A:
            kind, body = (payload[3] & 31, payload[4:]) if len(payload) > 4 else (0, body)
        elif kind == _FU_A:
            kind, body = (payload[1] & 31, payload[2:]) if len(payload) > 2 and payload[1] & 0x80 else (0, body)
        return kind in (_SPS, _DELIMITER) or (not sets_inside and kind in _SLICES and _first(body))

    def kind_of_set(self, unit: bytes) -> int:
        """7 for a sequence, 8 for a picture parameter set, 0 for anything else."""
        kind = unit[0] & 31
        return kind if kind in _SETS else 0

    def _whole(self, unit: memoryview, picture: Picture) -> None:
        kind = unit[0] & 31
        if not 1 <= kind <= 23:
            raise BadFrame(f"a packet of kind {kind} is not in use for H.264 here")
        _note(kind, unit[1:], picture)
        picture.add(kind if kind in _SETS else 0, unit)

    def _several(self, payload: memoryview, picture: Picture) -> None:
        at, end = 1, len(payload)
        while at < end:
            stop = at + 2 + int.from_bytes(payload[at : at + 2], "big")
            if stop > end or stop < at + 3:
                raise BadFrame("a packet of several NAL units is cut short")
            self._whole(payload[at + 2 : stop], picture)
            at = stop

    def _piece(self, payload: memoryview, picture: Picture) -> None:
        if len(payload) < 3:
            raise BadFrame("a piece of a NAL unit is empty")
        flags = payload[1]
        if flags & 0x80:
            kind = flags & 31
            picture.begin(kind if kind in _SETS else 0, bytes((payload[0] & 0xE0 | kind,)))
            _note(kind, payload[2:], picture)
        picture.piece(payload[2:], bool(flags & 0x40))


def _note(kind: int, body: memoryview, picture: Picture) -> None:
    """What a NAL unit says about its picture; `body` is what follows its header."""
    if kind in _SLICES:
        picture.slice(_first(body))
        if kind == _KEY:
            picture.key = True
    elif kind == _SEI and len(body) and body[0] == _RECOVERY_POINT:
        picture.key = True


def _first(body: memoryview) -> bool:
    """Whether a slice begins with macroblock 0: its first number, 0, is a single set bit."""
    return len(body) > 0 and body[0] & 0x80 != 0
