"""Where a JPEG ends, found while it arrives, so that nobody waits for what follows it."""

from __future__ import annotations

import re

BEGINS = b"\xff\xd8"
_END, _SCAN = 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker behind a scan: neither a stuffed byte nor a restart."""


class EndFinder:
    """Looks for the end of the JPEG at the beginning of a buffer that grows; each byte is looked at once."""

    def __init__(self) -> None:
        self._at = len(BEGINS)
        self._in_scan = False
        self.lost = False
        """True where the bytes are no JPEG: its end is not found by its markers."""

    def find(self, data: bytearray) -> int | None:
        """How long the JPEG at the beginning of `data` is, None while its end has not come."""
        if len(data) >= len(BEGINS) and not data.startswith(BEGINS):
            self.lost = True
        while not self.lost and len(data) >= self._at + 2:
            if self._in_scan and not self._leave_scan(data):
                return None
            marker = data[self._at + 1]
            if data[self._at] != 0xFF:
                self.lost = True
            elif marker == _END:
                return self._at + 2
            elif marker == 0xFF:  # fills
                self._at += 1
            elif marker in _ALONE:
                self._at += 2
            elif not self._skip_segment(data, marker):
                return None
        return None

    def _leave_scan(self, data: bytearray) -> bool:
        found = _NEXT.search(data, self._at)
        if found is None:
            self._at = max(self._at, len(data) - 1)
            return False
        self._at, self._in_scan = found.start(), False
        return True

    def _skip_segment(self, data: bytearray, marker: int) -> bool:
        if len(data) < self._at + 4:
            return False
        length = int.from_bytes(data[self._at + 2 : self._at + 4], "big")
        self._at += 2 + max(2, length)
        self._in_scan = marker == _SCAN
        return True
