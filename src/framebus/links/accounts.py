"""What one connection has sent and what came of it: counted in bytes, judged without any I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

SOON_S = 0.002
UNADMITTED_S = 0.01
ADMITTED_S = 0.1
SILENT_S = 1.0
SPACING_S = 50e-6
"""Per connection that is looked at: however many there are, looking takes a bounded share of one core."""
ADMITTED_SPACING = 10
"""Those that are ours are looked at so much less often: a thousand of them twice a second each."""

NOTABLE_BYTES = 64 * 1024
"""Less than this open is no reason to look at memory."""
PART_COST = 32
"""A part takes 2 bytes on the wire at least, and 64 in ZeroMQ."""


class Mark(NamedTuple):
    """When a backlog was first seen: the process's memory, what all peers had sent, and where the backlog ended."""

    resident: int
    received: int
    until: int


@dataclass(slots=True, eq=False)
class Account:
    """Bytes received from a connection against bytes delivered as messages; `limit` of them may be open.

    Heartbeats are bytes that make no message: what they may amount to is forgiven as time passes, which leaves a
    stranger 16 bytes a second.
    """

    limit: int
    encrypted: bool = False
    admitted: bool = False
    received: int = 0
    delivered: int = 0
    looked: float = -math.inf
    interval: float = 0.0
    mark: Mark | None = None

    @property
    def open(self) -> int:
        """Received and not yet delivered: parts of an unfinished message, or messages nobody has taken."""
        return max(self.received - self.delivered, 0)

    def deliver(self, *sizes: int) -> None:
        """A message of parts of `sizes` bytes was handed to the application.

        On the wire each has flags and a length around it (ZMTP 3, RFC 23), and a box around that (CURVE, RFC 26).
        """
        box = 33 if self.encrypted else 0
        for size in sizes:
            size += box
            self.delivered += size + (2 if size < 256 else 9)

    def look(self, received: int, now: float) -> int:
        """The kernel has counted `received` bytes by `now`; by how many it grew since the last look."""
        grown, elapsed = received - self.received, now - self.looked
        self.received, self.looked = received, now
        if elapsed < math.inf:
            self.delivered += min(self.open, int(elapsed * (96 if self.encrypted else 16)))
        self.delivered = min(self.delivered, received)
        return grown

    def next_look(self, grown: int, elapsed: float, crowd: int) -> float:
        """When to look again, with `crowd` connections being looked at; earlier if a silent one says something."""
        spacing = SPACING_S * crowd
        if self.admitted:
            return self._together(max(ADMITTED_S, ADMITTED_SPACING * spacing))
        if grown <= 0:
            self.interval = 0.0
            return self._together(max(SILENT_S, spacing))
        wanted = 2 * self.interval
        if elapsed < 4 * UNADMITTED_S:  # the rate is known: four looks before it could be over the limit
            wanted = min(wanted, (self.limit - self.open) * elapsed / grown / 4)
        self.interval = min(max(wanted, SOON_S), UNADMITTED_S)
        return self.looked + max(self.interval, spacing)

    def _together(self, interval: float) -> float:
        """Looks that can wait wait for each other, so that they cost one wake-up."""
        grain = interval / 4
        return math.ceil((self.looked + interval) / grain) * grain

    def suspicious(self, resident: int, all_received: int) -> int:
        """By how many bytes the process grew, beyond what peers sent, since this backlog was first seen.

        Tiny parts take 32 times the memory that they have bytes, so bytes alone do not tell.
        """
        if self.open < NOTABLE_BYTES:
            self.mark = None
        elif self.mark is None or self.delivered >= self.mark.until:
            self.mark = Mark(resident, all_received, self.received)
        else:
            return resident - self.mark.resident - 2 * (all_received - self.mark.received)
        return 0
