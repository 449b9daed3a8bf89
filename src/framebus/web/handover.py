"""From the threads that read to the one loop that serves: whole pictures newest first come, packets all in order."""

from __future__ import annotations

import threading
from collections.abc import Callable

from framebus.core.contracts import Item
from framebus.core.frame import Packet

MOST_PACKETS = 2000
MOST_BYTES = 64_000_000
"""Beyond that, a loop that stands still loses packets, up to a key frame; one alone may be larger."""


class Handover:
    """Thread-safe. `wake` is called in the giving thread whenever there is something again."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._frames: dict[str, Item] = {}
        self._packets: list[Packet] = []
        self._bytes = 0
        self._lost: dict[str, int] = {}
        self.skipped = 0
        """Pictures replaced by newer ones before the loop came to take them."""

    def give(self, item: Item) -> None:
        """One more."""
        with self._lock:
            was_empty = not self._frames and not self._packets
            if isinstance(item, Packet):
                self._add(item)
            else:
                before = self._frames.pop(item.stream, None)
                self.skipped += before is not None
                self._frames[item.stream] = item
        if was_empty:
            self._wake()

    def take(self) -> list[Item]:
        """All there is."""
        with self._lock:
            items: list[Item] = [*self._packets, *self._frames.values()]
            self._packets, self._frames, self._bytes = [], {}, 0
        return items

    def _add(self, packet: Packet) -> None:
        lost = self._lost.get(packet.stream, 0)
        if self._full_for(packet) or (lost and not packet.key):
            self._lost[packet.stream] = lost + 1 + packet.missed
            self.skipped += 1
            return
        if lost:
            del self._lost[packet.stream]
            packet = packet.replace(missed=packet.missed + lost)
        self._packets.append(packet)
        self._bytes += packet.nbytes

    def _full_for(self, packet: Packet) -> bool:
        return len(self._packets) >= MOST_PACKETS or 0 < self._bytes > MOST_BYTES - packet.nbytes
