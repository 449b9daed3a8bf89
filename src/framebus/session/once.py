"""Frames that several publishers may bring: each counts once, and is acknowledged to everybody who brought it."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

from framebus.core.frame import Identity
from framebus.session.feed import MAX_RUNS, Feed

MAX_RANGES = 65_536
"""Numbers of a run are remembered as so many ranges; older than the oldest of them, a frame counts as new."""


class Once:
    """What publishers that share a stream have brought, under the names that a hub gave their streams."""

    def __init__(self) -> None:
        self._here: dict[Identity, list[Feed]] = {}
        """Frames that are not where they belong yet, with those who brought them again."""
        self._settled: OrderedDict[tuple[str, int], Numbers] = OrderedDict()
        self._bringing: dict[str, set[Feed]] = {}

    def came_before(self, identity: Identity, feed: Feed, sent_as: Identity) -> bool:
        """True for a frame that somebody brought already; `feed`, which calls it `sent_as`, is told when it is settled.

        Not before: who brought it first may be dead, and this reader be the only one who has it.
        """
        self._note(feed, identity.stream)
        settled = self._settled.get((identity.stream, identity.run))
        if settled is not None and identity.seq in settled:
            feed.to_acknowledge.append(sent_as)
            return True
        others = self._here.get(identity)
        if others is None:
            self._here[identity] = []
            return False
        if feed not in others:
            others.append(feed)
        return True

    def settle(self, identity: Identity) -> list[Feed]:
        """The frame is where it belongs; those who brought it again, and may hear so now."""
        others = self._here.pop(identity, None)
        if others is None:
            return []
        self._numbers(identity.stream, identity.run).add(identity.seq)
        return others

    def release(self, identity: Identity) -> None:
        """The frame was answered, not settled: should it come again, it is new."""
        self._here.pop(identity, None)

    def end(self, stream: str, feed: Feed) -> None:
        """`feed` has no more of that stream. Once nobody has, all is settled: who sends it anew does so on purpose."""
        bringing = self._bringing.get(stream, set())
        bringing.discard(feed)
        if not any(other.open for other in bringing):
            self._bringing.pop(stream, None)
            for key in [key for key in self._settled if key[0] == stream]:
                del self._settled[key]

    def _note(self, feed: Feed, stream: str) -> None:
        bringing = self._bringing.get(stream, ())
        if feed not in bringing:
            self._bringing[stream] = {feed, *(other for other in bringing if other.open)}

    def _numbers(self, stream: str, run: int) -> Numbers:
        numbers = self._settled.get((stream, run))
        if numbers is None:
            numbers = self._settled[stream, run] = Numbers()
            if len(self._settled) > MAX_RUNS:
                self._settled.popitem(last=False)
        return numbers


class Numbers:
    """A set of numbers that mostly follow each other, kept as ranges."""

    def __init__(self, max_ranges: int = MAX_RANGES) -> None:
        self._max_ranges = max_ranges
        self._first: list[int] = []
        self._end: list[int] = []
        """Of each range, the number after its last."""

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._first, number)
        return at > 0 and number < self._end[at - 1]

    def add(self, number: int) -> None:
        """Remember it; the lowest range is forgotten where there are too many."""
        if number in self:
            return
        at = bisect_right(self._first, number)
        joins_left = at > 0 and self._end[at - 1] == number
        joins_right = at < len(self._first) and self._first[at] == number + 1
        if joins_left and joins_right:
            self._end[at - 1] = self._end.pop(at)
            del self._first[at]
        elif joins_left:
            self._end[at - 1] = number + 1
        elif joins_right:
            self._first[at] = number
        else:
            self._first.insert(at, number)
            self._end.insert(at, number + 1)
        if len(self._first) > self._max_ranges:
            del self._first[0], self._end[0]
