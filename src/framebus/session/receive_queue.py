"""Frames that wait for the user, and the credit that lets more of them come."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

from framebus.core.contracts import Item
from framebus.session.feed import Feed
from framebus.session.outgoing import Action, Peer

FLUSH_S = 0.1
"""Acknowledgements of one publisher's frames travel together for so long; a publisher in need of them asks."""
EACH_S = 0.001
LONGEST_S = 0.5
"""For each publisher besides, so much longer, and no longer than that: a message for every frame of every publisher
would be most of a busy hub's work."""
NEARLY_S = 0.005
"""Those that are due so soon go with those that are due."""
AT_ONCE = 32
"""So many publishers are told at once: where there are hundreds, frames are read in between."""
IDLE_S = 0.002
"""For so short a time where the user has nothing else to do: frames that follow each other are acknowledged together,
and a pause is not held against a publisher that is short of memory."""
MANY = 8
"""From here on a hub does not acknowledge soon when it is idle: that would be a message for every frame."""
FEW = 2
"""In a busy hub, how many frames may wait before the next newest-only publishers are asked for theirs."""


class _Kept(NamedTuple):
    """A publisher whose acknowledgements are kept back, and until when."""

    feed: Feed
    until: float


class Intake:
    """The inbox of a reader. Credit and acknowledgements are appended to `out`."""

    def __init__(self, max_bytes: int, out: list[tuple[Peer, Action]]) -> None:
        self.frames: deque[tuple[Feed, Item]] = deque()
        self.nbytes = 0
        self._max_bytes = max_bytes
        self._out = out
        self._asked = False
        self._thirsty: dict[str, Feed] = {}
        """Newest-only publishers that have credit coming, in the order in which they gave a frame."""
        self._kept: dict[str, _Kept] = {}
        """The first has waited longest."""
        self._kept_until: float | None = None
        """When all of them are sent, where that is earlier."""
        self._starved: dict[str, Feed] = {}
        """Publishers without credit because the inbox was full."""

    @property
    def flush_at(self) -> float | None:
        """When what is held back to travel together is sent at the latest."""
        if not self._kept:
            return None
        first = next(iter(self._kept.values())).until
        return first if self._kept_until is None else min(first, self._kept_until)

    def put(self, feed: Feed, item: Item) -> None:
        """A frame came in."""
        self.frames.append((feed, item))
        self.nbytes += item.nbytes

    def get(self) -> tuple[Feed, Item] | None:
        """The user wants a frame: the next one, if one is here; newest-only publishers may send the one after it."""
        self._asked = True
        if self._thirsty:
            self.regrant()
        if not self.frames:
            return None
        feed, item = self.frames.popleft()
        self.nbytes -= item.nbytes
        if self._thirsty:
            self.regrant()
        if self._starved and self.nbytes < self._max_bytes:
            for starved in list(self._starved.values()):
                self._send_credit(starved)
        return feed, item

    def ask(self) -> None:
        """The user wants a frame: from now on newest-only publishers may send."""
        self._asked = True
        self.regrant()

    def idle(self, now: float) -> bool:
        """The user waits and nothing is here: flush soon; False when there is nothing to flush."""
        if not 0 < len(self._kept) < MANY:
            return False
        if self._kept_until is None:
            self._kept_until = now + IDLE_S
        return True

    def begin(self, feed: Feed) -> None:
        """A publisher takes credit from now on."""
        if feed.lossless:
            self._send_credit(feed)
        else:
            self._thirsty[feed.session] = feed
            self.regrant()

    def make_room(self, feed: Feed, now: float) -> None:
        """A place in the window of `feed` is free, or a frame to be acknowledged."""
        if not feed.open:
            return
        if not feed.lossless:
            self._thirsty[feed.session] = feed
        elif max(feed.due(), len(feed.to_acknowledge)) >= feed.batch:
            self._send_credit(feed)
        elif feed.session not in self._kept:
            self._kept[feed.session] = _Kept(feed, now + min(LONGEST_S, FLUSH_S + EACH_S * len(self._kept)))

    def tell(self, feed: Feed) -> None:
        """Send what was held back from this publisher, if anything."""
        if feed.session in self._kept or feed.session in self._starved:
            self._send_credit(feed)

    def flush(self) -> None:
        """Send every acknowledgement and credit that was held back."""
        feeds = {kept.feed.session: kept.feed for kept in self._kept.values()} | self._starved
        for feed in feeds.values():
            self._send_credit(feed)

    def flush_due(self, now: float) -> None:
        """Send those that have been held back for long enough, a few of many: the rest when this is called again."""
        all_due = self._kept_until is not None and now >= self._kept_until
        for feed, until in list(islice(self._kept.values(), AT_ONCE)):
            if all_due or until <= now + NEARLY_S:
                self._send_credit(feed)

    def forget(self, feed: Feed) -> None:
        """`feed` takes no credit any more."""
        self._thirsty.pop(feed.session, None)
        self._let_go(feed)

    def regrant(self) -> None:
        """Allow newest-only publishers their next frame: all while the user waits, a few while frames wait.

        Asking everybody while frames wait would make them grow old in the inbox; asking nobody would leave the
        user without work for a round trip.
        """
        if not self._asked or len(self.frames) >= FEW:
            return
        count = FEW if self.frames else len(self._thirsty)
        for session in list(islice(self._thirsty, count)):
            feed = self._thirsty.pop(session)
            if feed.open and feed.due() > 0:
                self._out.append((feed.peer, feed.credit(grant=True)))

    def _send_credit(self, feed: Feed) -> None:
        self._let_go(feed)
        if not feed.open:
            return
        room = self.nbytes < self._max_bytes
        if room or feed.to_acknowledge:
            self._out.append((feed.peer, feed.credit(grant=room)))
        if not room:
            self._starved[feed.session] = feed

    def _let_go(self, feed: Feed) -> None:
        self._starved.pop(feed.session, None)
        self._kept.pop(feed.session, None)
        if not self._kept:
            self._kept_until = None
