"""Whose question is answered next: everybody who asks gets a turn, however many questions one of them has. Pure."""

from __future__ import annotations

from collections import deque

from framebus.core.contracts import Item


class Turns:
    """Questions that wait, a queue for each asker; askers in turn."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, int], deque[Item]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def put(self, item: Item) -> None:
        """A question came."""
        self._queues.setdefault((item.stream, item.run), deque()).append(item)

    def put_back(self, item: Item) -> None:
        """It was taken and could not be worked on: it is the next one of its asker."""
        self._queues.setdefault((item.stream, item.run), deque()).appendleft(item)

    def take(self) -> Item | None:
        """The next question; its asker goes to the end of the line."""
        for asker in self._queues:
            queue = self._queues.pop(asker)
            item = queue.popleft()
            if queue:
                self._queues[asker] = queue
            return item
        return None
