"""One reader as its publisher sees it: what it may be sent, what it holds, where it stands in each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framebus.core.frame import Identity
from framebus.session.outgoing import Entry, Peer, Rights
from framebus.wire.control import Party

if TYPE_CHECKING:
    from framebus.session.group import Group


class Mark:
    """How far a reader is in one run of one stream; `thinned` counts frames that were never meant for it."""

    __slots__ = ("last", "thinned")

    def __init__(self, last: int, thinned: int) -> None:
        self.last = last
        self.thinned = thinned


class Member:
    """A reader with its credit. Frames in flight are those sent and not yet acknowledged."""

    __slots__ = (
        "address", "attempt", "granted", "group", "in_flight", "in_flight_bytes", "marks", "one_shot", "party",
        "peer", "rights", "sent", "session", "told_at_end", "told_end", "window_bytes",
    )  # fmt: skip

    def __init__(
        self,
        session: str,
        peer: Peer | None,
        group: Group,
        window_bytes: int = 0,
        *,
        one_shot: bool = False,
    ) -> None:
        self.session = session
        self.peer = peer
        self.group = group
        self.window_bytes = window_bytes
        self.one_shot = one_shot
        self.attempt = 0
        self.granted = 0
        self.sent = 0
        self.in_flight: dict[Identity, Entry] = {}
        self.in_flight_bytes = 0
        self.marks: dict[tuple[str, int], Mark] = {}
        self.told_at_end: dict[str, int] = {}
        self.told_end = False
        self.party = Party()
        self.address = ""
        self.rights: Rights | None = None

    def can_take(self, nbytes: int) -> bool:
        """True when credit and byte window allow one more frame; a frame larger than the window goes alone."""
        if self.sent >= self.granted or self.peer is None:
            return False
        return not self.in_flight or self.in_flight_bytes + nbytes <= self.window_bytes

    def lend(self, entry: Entry) -> None:
        """`entry` is on its way to this reader and owed until acknowledged."""
        self.in_flight[entry.identity] = entry
        self.in_flight_bytes += entry.nbytes

    def settle(self, identity: Identity) -> None:
        """The reader has that frame; it no longer counts against the byte window."""
        entry = self.in_flight.pop(identity, None)
        if entry is not None:
            self.in_flight_bytes -= entry.nbytes

    def break_off(self) -> list[Entry]:
        """The connection is gone: credit ends, and what was in flight comes back to be sent again."""
        self.peer = None
        self.granted = self.sent = 0
        lost, self.in_flight, self.in_flight_bytes = list(self.in_flight.values()), {}, 0
        return lost

    def mark(self, stream: str, run: int, first: int) -> Mark:
        """Where this reader is in `run` of `stream`; a run it has not seen begins at its frame `first`."""
        mark = self.marks.get((stream, run))
        if mark is None:
            mark = self.marks[(stream, run)] = Mark(first - 1, first)
        return mark

    def may_read(self, stream: str) -> bool:
        """True when the reader's key covers `stream`."""
        return self.rights is None or self.rights.allows("read", stream)
