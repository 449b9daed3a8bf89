"""One access unit while its packets arrive: what it is made of so far, in Annex B."""

from __future__ import annotations

from typing import Protocol

from framebus.core.errors import BadFrame

START = b"\0\0\0\1"
MAX_SETS = 64
"""Parameter sets in one access unit."""


class Picture:
    """Grows by NAL units, whole or in pieces."""

    __slots__ = ("_kind", "_set_at", "coded", "data", "key", "mono_ns", "open", "sets", "utc_ns", "whole")

    def __init__(self, utc_ns: int = 0, mono_ns: int = 0) -> None:
        self.data = bytearray()
        self.utc_ns = utc_ns
        """When its first byte came, by our clock."""
        self.mono_ns = mono_ns
        self.coded = False
        """True once it holds a slice: something to be seen."""
        self.whole = True
        """False where the first slice that came is not the first of the picture."""
        self.key = False
        self.open = False
        """True while a NAL unit that comes in pieces is not complete."""
        self.sets: list[tuple[int, bytes]] = []
        """The parameter sets in it, by kind."""
        self._kind = 0
        self._set_at = -1

    def add(self, kind: int, unit: memoryview) -> None:
        """A whole NAL unit; a parameter set is kept by its `kind`, the others' is 0."""
        self.data += START
        self.data += unit
        if kind:
            self._keep(kind, bytes(unit))

    def begin(self, kind: int, head: bytes) -> None:
        """The header of a NAL unit of which pieces follow."""
        if self.open:
            raise BadFrame("a NAL unit begins inside another")
        self.open = True
        self.data += START
        self._kind, self._set_at = kind, len(self.data)
        self.data += head

    def piece(self, data: memoryview, last: bool) -> None:
        """A piece of the NAL unit that began."""
        if not self.open:
            raise BadFrame("a piece of a NAL unit has no beginning")
        self.data += data
        if last:
            self.open = False
            if self._kind:
                self._keep(self._kind, bytes(self.data[self._set_at :]))

    def slice(self, first: bool) -> None:
        """A slice begins: `first` of its picture or not."""
        if not self.coded:
            self.coded = True
            self.whole = first

    def _keep(self, kind: int, data: bytes) -> None:
        if len(self.sets) >= MAX_SETS:
            raise BadFrame(f"an access unit with more than {MAX_SETS} parameter sets is refused")
        self.sets.append((kind, data))


class Unpacker(Protocol):
    """Knows how one codec travels in RTP."""

    codec: str

    def add(self, payload: memoryview, picture: Picture) -> None:
        """Put what a packet carries into the picture. Raises `BadFrame`."""
        ...

    def begins(self, payload: memoryview, sets_inside: bool) -> bool:
        """True where nothing of the access unit can have come before this packet.

        `sets_inside`: this camera sends its parameter sets along with the pictures.
        """
        ...

    def kind_of_set(self, unit: bytes) -> int:
        """Which parameter set a NAL unit is; 0 for none. Their order is that of the numbers."""
        ...
