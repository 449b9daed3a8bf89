"""H.265 in RTP (RFC 7798): single NAL units, several in one packet (AP), one in several packets (FU)."""

from __future__ import annotations

from framebus.core.errors import BadFrame
from framebus.sources.rtsp.partial_unit import Picture

_HEAD = 2
_KEYS = range(16, 24)
_SLICES = range(32)
_VPS, _SPS, _PPS, _DELIMITER = 32, 33, 34, 35
_SETS = (_VPS, _SPS, _PPS)
_AP, _FU = 48, 49


class H265:
    """One camera's H.265, without decoding order numbers."""

    codec = "h265"

    def add(self, payload: memoryview, picture: Picture) -> None:
        """Put what a packet carries into the picture. Raises `BadFrame`."""
        if payload[0] > 0x7F:
            raise BadFrame("a NAL unit is marked as damaged")
        kind = payload[0] >> 1 & 63
        if kind == _FU:
            self._piece(payload, picture)
        elif picture.open:
            raise BadFrame("a NAL unit is not complete")
        elif kind == _AP:
            self._several(payload, picture)
        else:
            self._whole(payload, picture)

    def begins(self, payload: memoryview, sets_inside: bool) -> bool:
        """True where nothing of the access unit can have come before this packet."""
        kind, body = payload[0] >> 1 & 63, payload[_HEAD:]
        if kind == _AP:
            kind, body = (payload[4] >> 1 & 63, payload[6:]) if len(payload) > 6 else (_AP, body)
        elif kind == _FU:
            kind, body = (payload[2] & 63, payload[3:]) if len(payload) > 3 and payload[2] & 0x80 else (_FU, body)
        return kind in (_VPS, _DELIMITER) or (not sets_inside and kind in _SLICES and _first(body))

    def kind_of_set(self, unit: bytes) -> int:
        """32 for a video, 33 for a sequence, 34 for a picture parameter set, 0 for anything else."""
        kind = unit[0] >> 1 & 63
        return kind if kind in _SETS else 0

    def _whole(self, unit: memoryview, picture: Picture) -> None:
        kind = unit[0] >> 1 & 63
        if kind >= _AP or len(unit) < _HEAD:
            raise BadFrame(f"a packet of kind {kind} is not in use for H.265 here")
        _note(kind, unit[_HEAD:], picture)
        picture.add(kind if kind in _SETS else 0, unit)

    def _several(self, payload: memoryview, picture: Picture) -> None:
        at, end = _HEAD, len(payload)
        while at < end:
            stop = at + 2 + int.from_bytes(payload[at : at + 2], "big")
            if stop > end or stop < at + 2 + _HEAD:
                raise BadFrame("a packet of several NAL units is cut short")
            self._whole(payload[at + 2 : stop], picture)
            at = stop

    def _piece(self, payload: memoryview, picture: Picture) -> None:
        if len(payload) < _HEAD + 2:
            raise BadFrame("a piece of a NAL unit is empty")
        flags = payload[2]
        if flags & 0x80:
            kind = flags & 63
            head = bytes((payload[0] & 0x81 | kind << 1, payload[1]))
            picture.begin(kind if kind in _SETS else 0, head)
            _note(kind, payload[3:], picture)
        picture.piece(payload[3:], bool(flags & 0x40))


def _note(kind: int, body: memoryview, picture: Picture) -> None:
    """What a NAL unit says about its picture; `body` is what follows its header."""
    if kind in _SLICES:
        picture.slice(_first(body))
        if kind in _KEYS:
            picture.key = True


def _first(body: memoryview) -> bool:
    """`first_slice_segment_in_pic_flag`."""
    return len(body) > 0 and body[0] & 0x80 != 0
