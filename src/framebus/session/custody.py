"""Frames of all publishers in a reader's hands: from their arrival until they are acknowledged, with what is missed."""

from __future__ import annotations

from msgspec.structs import force_setattr

from framebus.core.contracts import Item
from framebus.core.frame import Identity, Packet
from framebus.session.feed import Feed
from framebus.session.once import Once
from framebus.session.outgoing import Peer
from framebus.session.receive_queue import Intake
from framebus.wire.control import FrameRange, StreamState


class Custody:
    """Frames are called here as they are called by their publishers, or by the name a hub gave their stream."""

    def __init__(self, intake: Intake, window_frames: int) -> None:
        self.missed: dict[str, int] = {}
        """Frames missed so far, by stream."""
        self.missed_at_end: dict[str, int] = {}
        """Those of them that no later frame tells of, because the stream ended."""
        self.repeated = 0
        self._intake = intake
        self._window_frames = window_frames
        self._in_hand: dict[Identity, Feed] = {}
        self._once = Once()

    def take_in(self, feed: Feed, item: Item, thinned: int, now: float) -> None:
        """A frame arrived, of a stream that `feed` has a name for; not kept if it is here already."""
        progress = feed.progress(item)
        again = feed.is_repeated(item)
        (progress.repeat if again else progress.advance)(item.seq, thinned)
        if again or self._came_before(feed, item):
            self.repeated += 1
            self._intake.make_room(feed, now)
            self._intake.regrant()
            return
        feed.hold(item.identity, item.nbytes)
        missed = progress.tell()
        name = feed.names[item.stream]
        if missed:
            self.missed[name] = self.missed.get(name, 0) + missed
        if name != item.stream:
            force_setattr(item, "stream", name)
        force_setattr(item, "missed", missed)
        self._intake.put(feed, item)
        if isinstance(item, Packet) and feed.window < self._window_frames:
            feed.window = self._window_frames
            self._intake.begin(feed)

    def _came_before(self, feed: Feed, item: Item) -> bool:
        """True where another publisher of the group brought that frame: one that died, or was given up for dead."""
        if not (feed.group and feed.lossless):
            return False
        identity = Identity(feed.names[item.stream], item.run, item.seq)
        return self._once.came_before(identity, feed, item.identity)

    def end(self, feed: Feed, counts: tuple[StreamState, ...]) -> None:
        """The publisher's streams ended, and it says how many frames there were."""
        for stream, count in feed.finish(counts).items():
            name = feed.names.get(stream, stream)
            self.missed[name] = self.missed.get(name, 0) + count
            self.missed_at_end[name] = self.missed_at_end.get(name, 0) + count
        for state in counts:
            self._once.end(feed.names.get(state.name, state.name), feed)

    def take(self) -> Item | None:
        """The next frame, if one is here; it is in hand until `done` or `answered`."""
        taken = self._intake.get()
        if taken is None:
            return None
        feed, item = taken
        self._in_hand[item.identity] = feed
        return item

    def done(self, identity: Identity, now: float) -> None:
        """The user is finished with a frame: it may be acknowledged, and its place is free."""
        feed = self._in_hand.pop(identity, None)
        if feed is None:
            return
        feed.settle(_sent_as(feed, identity))
        self._intake.make_room(feed, now)
        for other in self._once.settle(identity):
            other.to_acknowledge.append(_sent_as(other, identity))
            self._intake.make_room(other, now)

    def is_owed(self, identity: Identity) -> bool:
        """True for a frame in hand that is sent again, to this reader or another, unless it is acknowledged."""
        feed = self._in_hand.get(identity)
        return feed is not None and feed.lossless

    def answered(self, identity: Identity, now: float) -> Peer | None:
        """An answer acknowledges a frame in hand; the peer to send it to, None where there is none (any more)."""
        feed = self._in_hand.pop(identity, None)
        if feed is None:
            return None
        feed.release(_sent_as(feed, identity))
        self._once.release(identity)
        self._intake.make_room(feed, now)
        return feed.peer if feed.open and feed.lossless else None

    def addressed(self, identity: Identity) -> tuple[str, FrameRange] | None:
        """The session and the frame that an answer to `identity` names; None for a frame that is not in hand."""
        feed = self._in_hand.get(identity)
        if feed is None:
            return None
        sent = _sent_as(feed, identity)
        return feed.session, FrameRange(sent.stream, f"{sent.run:016x}", sent.seq, sent.seq)


def _sent_as(feed: Feed, identity: Identity) -> Identity:
    """The identity as the publisher knows it, before a hub renamed the stream."""
    for theirs, ours in feed.names.items():
        if ours == identity.stream:
            return identity if theirs == ours else Identity(theirs, identity.run, identity.seq)
    return identity
