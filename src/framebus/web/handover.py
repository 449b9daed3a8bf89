"""From the threads that read to the one loop that serves: whole pictures newest first come, packets all in order.

Packets of a stream that nobody awaits wait here for the loop's next turn, which comes once a second: a camera that is
kept ready for whoever may look costs the loop nothing meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.frame import Packet

MOST_PACKETS = 2000
MOST_BYTES = 64_000_000
"""Beyond that, a loop that stands still loses packets, up to a key frame; one alone may be larger."""
ENOUGH_PACKETS = 400
ENOUGH_BYTES = 16_000_000
"""More than that does not wait for the loop's next turn."""


class Arrived(NamedTuple):
    """A picture or packet, and when it came."""

    item: Item
    at_ns: int
    """Monotonic."""


class Handover:
    """Thread-safe. `wake` is called in the giving thread when there is something to `take`, once until it is taken.

    `is_awaited` says whether somebody wants a stream's packets as they come; it is asked in the giving thread.
    """

    def __init__(self, wake: Callable[[], None], is_awaited: Callable[[str], bool] = lambda stream: True) -> None:
        self._wake = wake
        self._is_awaited = is_awaited
        self._woken = False
        self._lock = threading.Lock()
        self._frames: dict[str, Arrived] = {}
        self._packets: list[Arrived] = []
        self._bytes = 0
        self._lost: dict[str, int] = {}
        self.skipped = 0
        """Pictures replaced by newer ones before the loop came to take them."""

    def give(self, item: Item) -> None:
        """One more, now."""
        arrived = Arrived(item, clock.mono_ns())
        with self._lock:
            if isinstance(item, Packet):
                self._add(item, arrived.at_ns)
            else:
                before = self._frames.pop(item.stream, None)
                self.skipped += before is not None
                self._frames[item.stream] = arrived
            woken, self._woken = self._woken, self._woken or self._is_due(item)
            wakes = self._woken and not woken
        if wakes:
            self._wake()

    def take(self) -> list[Arrived]:
        """All there is."""
        with self._lock:
            arrived = [*self._packets, *self._frames.values()]
            self._packets, self._frames, self._bytes, self._woken = [], {}, 0, False
        return arrived

    def _is_due(self, item: Item) -> bool:
        much = len(self._packets) >= ENOUGH_PACKETS or self._bytes >= ENOUGH_BYTES
        return much or not isinstance(item, Packet) or self._is_awaited(item.stream)

    def _add(self, packet: Packet, at_ns: int) -> None:
        lost = self._lost.get(packet.stream, 0)
        if self._full_for(packet) or (lost and not packet.key):
            self._lost[packet.stream] = lost + 1 + packet.missed
            self.skipped += 1
            return
        if lost:
            del self._lost[packet.stream]
            packet = packet.replace(missed=packet.missed + lost)
        self._packets.append(Arrived(packet, at_ns))
        self._bytes += packet.nbytes

    def _full_for(self, packet: Packet) -> bool:
        return len(self._packets) >= MOST_PACKETS or 0 < self._bytes > MOST_BYTES - packet.nbytes
