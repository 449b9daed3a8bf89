"""Frames that wait for the user, and the credit that lets more of them come."""

from __future__ import annotations

from collections import deque

from framebus.core.contracts import Item
from framebus.session.feed import Feed
from framebus.session.outgoing import Action, Peer

FLUSH_S = 0.1
"""Acknowledgements travel together for so long; a publisher in need of them asks."""
IDLE_S = 0.002
"""For so short a time where the user has nothing else to do: frames that follow each other are acknowledged together,
and a pause is not held against a publisher that is short of memory."""
MANY = 8
"""From here on a hub does not acknowledge soon when it is idle: that would be a message for every frame."""
FEW = 2
"""In a busy hub, how many frames may wait before the next newest-only publishers are asked for theirs."""


class Intake:
    """The inbox of a reader. Credit and acknowledgements are appended to `out`."""

    def __init__(self, max_bytes: int, out: list[tuple[Peer, Action]]) -> None:
        self.frames: deque[tuple[Feed, Item]] = deque()
        self.nbytes = 0
        self.flush_at: float | None = None
        """When what is held back to travel together is sent at the latest."""
        self._max_bytes = max_bytes
        self._out = out
        self._asked = False
        self._starving = False
        """Credit was withheld because the inbox was full."""
        self._thirsty: dict[str, Feed] = {}
        """Newest-only publishers that have credit coming, in the order in which they gave a frame."""
        self._unflushed: dict[str, Feed] = {}

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
        if self._starving and self.nbytes < self._max_bytes:
            self._starving = False
            self.flush()
        return feed, item

    def ask(self) -> None:
        """The user wants a frame: from now on newest-only publishers may send."""
        self._asked = True
        self.regrant()

    def idle(self, now: float) -> bool:
        """The user waits and nothing is here: flush soon; False when there is nothing to flush."""
        if self.flush_at is None or len(self._unflushed) >= MANY:
            return False
        self.flush_at = min(self.flush_at, now + IDLE_S)
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
        else:
            self._unflushed[feed.session] = feed
            self.flush_at = now + FLUSH_S if self.flush_at is None else self.flush_at

    def flush(self) -> None:
        """Send every acknowledgement and credit that was held back to travel together."""
        self.flush_at = None
        for feed in list(self._unflushed.values()):
            self._send_credit(feed)

    def forget(self, feed: Feed) -> None:
        """`feed` takes no credit any more."""
        self._thirsty.pop(feed.session, None)
        self._unflushed.pop(feed.session, None)

    def regrant(self) -> None:
        """Allow newest-only publishers their next frame: all while the user waits, a few while frames wait.

        Asking everybody while frames wait would make them grow old in the inbox; asking nobody would leave the
        user without work for a round trip.
        """
        if not self._asked or len(self.frames) >= FEW:
            return
        count = FEW if self.frames else len(self._thirsty)
        for session in list(self._thirsty)[:count]:
            feed = self._thirsty.pop(session)
            if feed.open and feed.due() > 0:
                self._out.append((feed.peer, feed.credit(grant=True)))

    def _send_credit(self, feed: Feed) -> None:
        self._unflushed.pop(feed.session, None)
        if not feed.open:
            return
        room = self.nbytes < self._max_bytes
        if room or feed.to_acknowledge:
            self._out.append((feed.peer, feed.credit(grant=room)))
        if not room:
            self._unflushed[feed.session] = feed
            self._starving = True
