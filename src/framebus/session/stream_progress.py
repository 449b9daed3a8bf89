"""The named streams of one publisher: how far each is, and the pictures a newcomer may start with."""

from __future__ import annotations

from framebus.core.contracts import Item
from framebus.session.outgoing import Entry

MAX_GOP_BYTES = 16 * 1024 * 1024


class StreamProgress:
    """One stream: its current run, the number of its first and of its next frame, the current group of pictures.

    `thinned` counts the numbers below `next` that nobody here wanted: those before the first, and those left out
    on their way here. Other gaps in the numbers are frames lost on their way here, `lost` in all.
    """

    __slots__ = ("first", "gop", "gop_bytes", "lost", "name", "next", "packets", "run", "thinned")

    def __init__(self, name: str, run: int, first: int) -> None:
        self.name = name
        self.run = run
        self.first = first
        self.next = first
        self.thinned = first
        self.lost = 0
        self.packets = False
        self.gop: list[Entry] = []
        self.gop_bytes = 0

    @property
    def frames(self) -> int:
        """Frames of the current run that were here."""
        return self.next - self.thinned - self.lost

    def pass_on(self, item: Item) -> int:
        """`item` goes out; how many frames before it were lost on their way here."""
        if item.run != self.run:
            self.run, self.first = item.run, max(0, item.seq - item.missed)
            self.next = self.thinned = self.first
            self.lost = 0
            self.gop.clear()
            self.gop_bytes = 0
        gap = max(0, item.seq - self.next)
        lost = min(item.missed, gap)
        self.thinned += gap - lost
        self.lost += lost
        self.next = max(self.next, item.seq + 1)
        return lost

    def remember(self, entry: Entry) -> None:
        """Keep the group of pictures that `entry` belongs to, so that a newcomer sees a picture at once."""
        if entry.packet:
            if entry.starts:
                self.gop.clear()
                self.gop_bytes = 0
            if entry.starts or self.gop:
                self.gop.append(entry)
                self.gop_bytes += entry.nbytes
            if self.gop_bytes > MAX_GOP_BYTES:
                self.gop.clear()
                self.gop_bytes = 0
