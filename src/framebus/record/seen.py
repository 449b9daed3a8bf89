"""Which frames are in a recording already. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from framebus.sinks.kept import Kept

REMEMBERED = 4096


class Seen:
    """The numbers written so far: the latest 4096, and those below them that they came after."""

    __slots__ = ("_floor", "_highest", "_known", "_order")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._known: set[int] = set()
        self._order: deque[int] = deque()
        self._floor = self._highest = -1
        for number in numbers:
            self.add(number)

    @property
    def empty(self) -> bool:
        """Whether none was written."""
        return self._highest < 0

    def add(self, number: int) -> None:
        """It is written."""
        self._highest = max(self._highest, number)
        self._known.add(number)
        self._order.append(number)
        if len(self._order) > REMEMBERED:
            oldest = self._order.popleft()
            self._known.discard(oldest)
            self._floor = max(self._floor, oldest)

    def has(self, number: int, *, any_order: bool) -> bool:
        """Whether it was written, or, unless numbers come in any order, one after it."""
        if not any_order:
            return number <= self._highest
        return number in self._known or number <= self._floor


Inside = dict[tuple[str, int], Seen]
"""Of each stream and run the numbers that are in a recording."""


def inside(frames: Iterable[Kept]) -> Inside:
    """Those of `frames`."""
    found: Inside = {}
    for one in frames:
        found.setdefault((one.stream, one.run), Seen()).add(one.seq)
    return found
