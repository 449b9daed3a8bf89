"""What goes wrong on the way from a test camera to one viewer, on cue."""

from __future__ import annotations

_HEADER = 12
_NOISE = 0xA5


class Faults:
    """Packets of RTP that are lost, damaged or overtaken: so many, from the next on."""

    def __init__(self) -> None:
        self.drop = 0
        """Packets that will be lost."""
        self.corrupt = 0
        """Packets whose contents will be damaged; RTP's header and the length stay."""
        self.spare = 0
        """Bytes at the beginning of the contents that will not be damaged."""
        self.swap = 0
        """Packets that will be overtaken by the one after them."""
        self._late: bytes | None = None

    def apply(self, packet: bytes) -> list[bytes]:
        """What really goes out instead of `packet`, in this order."""
        if self.drop:
            self.drop -= 1
            return []
        if self.corrupt:
            self.corrupt -= 1
            packet = _damaged(packet, _HEADER + self.spare)
        if self._late is not None:
            late, self._late = self._late, None
            return [packet, late]
        if self.swap:
            self.swap -= 1
            self._late = packet
            return []
        return [packet]


def _damaged(packet: bytes, start: int) -> bytes:
    return packet[:start] + bytes(byte ^ _NOISE for byte in packet[start:])
