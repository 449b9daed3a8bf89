"""Packets in the order they were sent: what overtook is held back for a while, what never comes is counted as lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from framebus.sources.rtsp.rtp import ahead

Item = TypeVar("Item")

WINDOW = 32
"""How many packets wait for a missing one at most."""
PATIENCE_NS = 50_000_000
"""How long they wait."""
_RESTART = 3000
"""A jump of more is a sender that began anew (RFC 3550, appendix A.1)."""


class Sequence(Generic[Item]):
    """One sender's packets.

    `deliver(item)` is called in the order of their numbers, `lost(count)` before the one that follows a gap.
    `window=0` is for connections that keep the order themselves: every gap is a loss at once.
    """

    def __init__(self, window: int, deliver: Callable[[Item], None], lost: Callable[[int], None]) -> None:
        self._window = window
        self._deliver = deliver
        self._lost = lost
        self._held: dict[int, Item] = {}
        self._held_since_ns = 0
        self.expected: int | None = None
        """The number that comes next; None before the first packet."""

    def passes(self, number: int) -> bool:
        """True where packet `number` is simply the next: it needs no `add`. The quick way, for nearly all."""
        if number != self.expected or self._held:
            return False
        self.expected = (number + 1) & 0xFFFF
        return True

    def add(self, number: int, item: Item, now_ns: int) -> None:
        """A packet that did not pass; it is delivered now, later, or never (twice the same, or too late)."""
        if self.expected is None:
            self.expected = number
        distance = ahead(number, self.expected)
        if abs(distance) > _RESTART:
            self.restart()
            self.expected = number
            self._lost(1)
        elif distance < 0:
            return
        if not self._held:
            self._held_since_ns = now_ns
        self._held[number] = item
        self._deliver_ready()
        self.tick(now_ns)

    def restart(self) -> None:
        """Another sender: whatever number comes next is the first."""
        self._held.clear()
        self.expected = None

    @property
    def due_ns(self) -> int | None:
        """When to call `tick`, on the clock of `now_ns`; None while nothing is held back."""
        return self._held_since_ns + PATIENCE_NS if self._held else None

    def tick(self, now_ns: int) -> None:
        """Go on without what does not come."""
        while self._held and (len(self._held) > self._window or now_ns >= self._held_since_ns + PATIENCE_NS):
            self._give_up(now_ns)

    def _deliver_ready(self) -> None:
        while self.expected in self._held:
            number = self.expected
            self.expected = (number + 1) & 0xFFFF
            self._deliver(self._held.pop(number))

    def _give_up(self, now_ns: int) -> None:
        """What is missing will not come: go on with what there is."""
        expected = self.expected or 0
        nearest = min(self._held, key=lambda number: ahead(number, expected))
        self._lost(ahead(nearest, expected))
        self.expected = nearest
        self._held_since_ns = now_ns
        self._deliver_ready()
