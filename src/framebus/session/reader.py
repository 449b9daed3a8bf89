"""The reading side of the link protocol, without any I/O: one publisher, or, for a hub, as many as come.

Whoever drives it calls `received`, `arrived`, `disconnected`, `take`, `done`, `tick` and `close`, and then does
what stands in `out` and cuts the connections in `dropped`. Nothing here blocks, reads a clock or touches a socket.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from msgspec.structs import force_setattr

from framebus.core.contracts import Item
from framebus.core.frame import Identity, Packet
from framebus.session.calling import Calling
from framebus.session.feed import LATEST_WINDOW_OFF_HOST, LATEST_WINDOW_ON_HOST, Feed
from framebus.session.guests import Guests
from framebus.session.intake import Intake
from framebus.session.naming import Names, taken
from framebus.session.outgoing import Action, Peer
from framebus.session.pulse import Pulse
from framebus.session.rules import LEISURE_S, MAX_STREAMS, ReaderRules
from framebus.wire.control import (
    Code,
    End,
    FrameRange,
    Hello,
    Message,
    Party,
    Ping,
    Refuse,
    Reply,
    Reset,
    Welcome,
    conflict,
    speaks,
)

FORGET_FEED_S = 60.0
BOTH_READ = "both sides read: one of them should publish"


class ReaderSession:
    """All publishers of one reader, whoever of the two connects. Not thread-safe: drive it under one lock."""

    def __init__(self, rules: ReaderRules, party: Party, *, calling: Calling | None = None) -> None:
        self.rules = rules
        self.party = party
        self.calling = calling
        self.guests = Guests()
        self.out: list[tuple[Peer, Action]] = []
        self.dropped: list[Peer] = []
        self.missed: dict[str, int] = {}
        """Frames missed so far, by stream."""
        self.missed_at_end: dict[str, int] = {}
        """Those of them that no later frame tells of, because the stream ended."""
        self.repeated = 0
        self.uninvited = 0
        self.live: bool | None = None
        """Whether the newest frame matters most to any publisher met; None before the first."""
        self.feeds: dict[str, Feed] = {}
        self._peers: dict[Peer, Feed] = {}
        self._names = Names()
        self._in_hand: dict[Identity, Feed] = {}
        self._intake = Intake(rules.max_inbox_bytes, self.out, many=calling is None)
        self._pulse = Pulse()

    # what the owner does -----------------------------------------------------------------------------------

    @property
    def inbox(self) -> deque[tuple[Feed, Item]]:
        """Frames that are here and wait for the user."""
        return self._intake.frames

    def ask(self) -> None:
        """The user wants a frame: from now on newest-only publishers may send."""
        self._intake.ask()

    def idle(self, now: float) -> bool:
        """The user waits and nothing is here: acknowledgements that were kept back go soon; False if there are none."""
        return self._intake.idle(now)

    def take(self) -> Item | None:
        """The next frame, if one is here; it is held, and unacknowledged, until `done`."""
        taken = self._intake.get()
        if taken is None:
            return None
        feed, item = taken
        self._in_hand[item.identity] = feed
        return item

    def done(self, identity: Identity, now: float) -> None:
        """The user is finished with a frame: it may be acknowledged, and its place is free."""
        feed = self._in_hand.pop(identity, None)
        if feed is not None:
            feed.settle(self._sent_as(feed, identity))
            self._intake.make_room(feed, now)

    def addressed(self, identity: Identity) -> tuple[str, FrameRange] | None:
        """The session and the frame that an answer to `identity` names; None for a frame that is not in hand."""
        feed = self._in_hand.get(identity)
        if feed is None:
            return None
        sent = self._sent_as(feed, identity)
        return feed.session, FrameRange(sent.stream, f"{sent.run:016x}", sent.seq, sent.seq)

    def reply(self, identity: Identity, message: Reply, now: float) -> Peer | None:
        """Acknowledge a frame with an answer; the peer to which the carrier sends `message`, None if it is away.

        An answer that did not arrive is made again: the frame comes back, and counts as new.
        """
        feed = self._in_hand.pop(identity, None)
        if feed is None:
            return None
        feed.release(self._sent_as(feed, identity))
        self._intake.make_room(feed, now)
        return feed.peer if feed.open and feed.lossless else None

    leisure_s = LEISURE_S
    """For how long nobody need drive: what comes waits, and credit travels together."""

    @property
    def finished(self) -> bool:
        """True when a connecting reader's publisher has ended and every frame was taken."""
        return self.calling is not None and self.calling.over and not self.inbox

    def leave(self) -> None:
        """Tell publishers that this reader goes; unacknowledged frames stay owed to its group."""
        self._intake.flush()
        for peer, feed in self._peers.items():
            self.out.append((peer, End(session=feed.session)))

    # what the carrier tells --------------------------------------------------------------------------------

    def received(self, peer: Peer, message: Message, now: float) -> None:
        """A control message from `peer`."""
        feed = self._peers.get(peer)
        if feed is not None:
            self._pulse.heard(peer, now)
        match message:
            case Hello():
                self._on_hello(peer, message, now)
            case Welcome():
                self._on_welcome(peer, feed, message, now)
            case Refuse():
                self._on_refuse(peer, message, now)
            case Reset():
                self._on_reset(peer, now)
            case End() if feed is not None:
                self._on_end(peer, feed, message, now)
            case Ping() if feed is not None:
                if not message.answer:
                    self._intake.flush()
                    self.out.append((peer, Ping(session=feed.session, answer=True)))
            case _:
                self.unexpected(peer, now)

    def arrived(self, peer: Peer, item: Item, thinned: int, now: float) -> None:
        """A frame from `peer`."""
        feed = self._peers.get(peer)
        if feed is None:
            self.unexpected(peer, now)
            return
        self._pulse.heard(peer, now)
        if feed.over_credit():
            self._cut(peer, feed, now)
        elif item.stream in feed.names or self._named(peer, feed, item.stream, now):
            self._take_in(feed, item, thinned, now)

    def _take_in(self, feed: Feed, item: Item, thinned: int, now: float) -> None:
        repeated = feed.is_repeated(item)
        progress = feed.progress(item)
        progress.advance(item.seq, thinned)
        if repeated:
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
        if isinstance(item, Packet) and feed.window < self.rules.window_frames:
            feed.window = self.rules.window_frames
            self._intake.begin(feed)

    def disconnected(self, peer: Peer, now: float) -> None:
        """The connection to `peer` is gone; the reader waits for it to come back."""
        self.guests.forget(peer)
        self._lose(peer, now)

    def _lose(self, peer: Peer, now: float) -> None:
        """`peer` is silent or gone; a silent one that returns over the same connection is still who it was."""
        self._pulse.forget(peer)
        feed = self._peers.pop(peer, None)
        if feed is not None:
            feed.break_off(now)
            self._intake.forget(feed)
        if self.calling is not None and peer == self.calling.peer:
            self.calling.lost(now)

    def unexpected(self, peer: Peer, now: float) -> None:
        """`peer` sent something out of turn, or a probe: ask who it is."""
        self.out.append((peer, Reset()))

    def tick(self, now: float) -> None:
        """Time has passed."""
        asked, silent = self._pulse.check(now)
        for peer in asked:
            self._ping(peer)
        for peer in silent:
            self._lose(peer, now)
        if self._intake.flush_at is not None and now >= self._intake.flush_at:
            self._intake.flush()
        if self.calling is None:
            self._forget_feeds(now)
        elif self.calling.hello_due(now):
            self._say_hello(self.calling)

    def deadline(self, now: float) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = [self._pulse.deadline(), self._intake.flush_at, self.calling.deadline() if self.calling else None]
        return min((at for at in times if at is not None), default=None)

    def knows(self, peer: Peer) -> bool:
        """True for a publisher that has been welcomed and is there."""
        return peer in self._peers

    @property
    def away(self) -> bool:
        """True while nobody publishes to this reader."""
        return not self._peers

    # a publisher calls -------------------------------------------------------------------------------------

    def _on_hello(self, peer: Peer, hello: Hello, now: float) -> None:
        if not speaks(hello.versions):
            self._refuse(peer, hello.session, "version", conflict(hello.versions, hello.party, self.party))
        elif hello.role != "publisher":
            self._refuse(peer, hello.session, "request", BOTH_READ)
        else:
            self._receive_publisher(peer, hello, now)

    def _receive_publisher(self, peer: Peer, hello: Hello, now: float) -> None:
        feed = self.feeds.get(hello.session) or Feed(hello.session)
        if feed.peer == peer and feed.attempt == hello.attempt:
            return  # answered already
        for known in {peer, feed.peer} & self._peers.keys():
            self._lose(known, now)
        feed.party, feed.address, feed.attempt = hello.party, self.guests.address(peer), hello.attempt
        if all(self._may_publish(peer, feed, state.name, now) for state in hello.streams):
            self._meet(peer, feed, now)
            self.out.append((peer, self._welcome(hello)))

    def _meet(self, peer: Peer, feed: Feed, now: float) -> None:
        self.feeds[feed.session] = self._peers[peer] = feed
        self._pulse.heard(peer, now)
        feed.meet(peer)

    def _may_publish(self, peer: Peer, feed: Feed, stream: str, now: float) -> bool:
        """Whether this publisher may have that name; it is refused, for good or for now, when it may not."""
        rights = self.guests.rights(peer)
        if rights is not None and not rights.allows("publish", stream):
            self._refuse(peer, feed.session, "rights", f"this key may not publish {stream!r}")
            return False
        owner = self._names.owner(feed, stream)
        if owner is None or owner.peer is None:
            return True
        alive = self._names.is_alive(feed.session, self._pulse.last_heard(owner.peer), now)
        if alive is False:
            self._lose(owner.peer, now)
            return True
        if alive is None:
            self._ping(owner.peer)
        self._refuse(peer, feed.session, "name", taken(stream, owner.party), retry=alive is None)
        return False

    def _named(self, peer: Peer, feed: Feed, stream: str, now: float) -> bool:
        """Give a stream that was not announced its name; a publisher that may not have it is sent away."""
        if len(feed.names) >= MAX_STREAMS:
            self._refuse(peer, feed.session, "request", f"more than {MAX_STREAMS} streams from one publisher")
        elif self.calling is not None:
            feed.names[stream] = stream
            return True
        elif self._may_publish(peer, feed, stream, now):
            self._names.claim(feed, stream)
            return True
        self._lose(peer, now)
        return False

    def _sent_as(self, feed: Feed, identity: Identity) -> Identity:
        """The identity as the publisher knows it, before a hub renamed the stream."""
        for theirs, ours in feed.names.items():
            if ours == identity.stream:
                return identity if theirs == ours else Identity(theirs, identity.run, identity.seq)
        return identity

    # a publisher is called, or answers ---------------------------------------------------------------------

    def _on_welcome(self, peer: Peer, feed: Feed | None, message: Welcome, now: float) -> None:
        calling = self.calling
        if calling is not None:
            if not calling.awaits(peer, message):
                return
            if message.role != "publisher":
                calling.refused(BOTH_READ, now, retry=False)
                return
            calling.answered()
            feed = self.feeds.get(message.session) or Feed(message.session)
            feed.party, feed.address = message.party, self.guests.address(peer)
            self._meet(peer, feed, now)
            feed.attempt = message.attempt
        if feed is not None and not feed.open and (feed.session, feed.attempt) == (message.session, message.attempt):
            if calling is None and not self._may_name(peer, feed, message, now):
                self._lose(peer, now)
            else:
                self._begin(feed, message)

    def _may_name(self, peer: Peer, feed: Feed, message: Welcome, now: float) -> bool:
        """Streams that began after the publisher's hello are held against what others publish, too."""
        fresh = [state.name for state in message.streams if state.name not in feed.names]
        return all(self._may_publish(peer, feed, name, now) for name in fresh)

    def _begin(self, feed: Feed, message: Welcome) -> None:
        """The publisher has said how it serves this reader."""
        keep = message.keep or self.rules.keep or ("latest" if message.live else "all")
        feed.lossless = keep == "all"
        self.live = bool(self.live) or message.live
        near = bool(self.party.host) and feed.party.host == self.party.host
        feed.window = LATEST_WINDOW_ON_HOST if near else LATEST_WINDOW_OFF_HOST
        if feed.lossless or self.rules.packets or any(state.packets for state in message.streams):
            feed.window = self.rules.window_frames
        for state in message.streams:
            if self.calling is None:
                self._names.claim(feed, state.name)
        feed.begin(message.streams, rebase=message.resumed and not message.exclusive)
        self._intake.begin(feed)

    def _on_refuse(self, peer: Peer, message: Refuse, now: float) -> None:
        self._lose(peer, now)
        if self.calling is not None and peer == self.calling.peer:
            self.calling.refused(message.message, now, retry=message.retry)

    def _on_reset(self, peer: Peer, now: float) -> None:
        calling = self.calling
        if calling is None or peer != calling.peer:
            return
        self._lose(peer, now)
        if calling.over:
            self.out.append((peer, End(session=calling.session)))
        elif calling.hello_due(now):
            self._say_hello(calling)

    def _on_end(self, peer: Peer, feed: Feed, message: End, now: float) -> None:
        if feed.session != message.session:
            return
        for stream, count in feed.finish(message.streams).items():
            name = feed.names.get(stream, stream)
            self.missed[name] = self.missed.get(name, 0) + count
            self.missed_at_end[name] = self.missed_at_end.get(name, 0) + count
        self.out.append((peer, End(session=feed.session)))
        if self.calling is not None:
            self.calling.end()
        self._lose(peer, now)

    # what we say -------------------------------------------------------------------------------------------

    def _say_hello(self, calling: Calling) -> None:
        hello = Hello(session=calling.session, attempt=calling.attempt, **self._wishes())
        self.out.append((calling.peer, hello))

    def _welcome(self, hello: Hello) -> Welcome:
        return Welcome(session=hello.session, attempt=hello.attempt, **self._wishes())

    def _wishes(self) -> dict[str, Any]:
        rules = self.rules
        return {
            "role": "reader",
            "party": self.party,
            "want": rules.want,
            "keep": rules.keep,
            "group": rules.group,
            "exclusive": rules.exclusive,
            "max_fps": rules.max_fps,
            "packets": rules.packets,
            "window_bytes": rules.window_bytes,
        }

    def _refuse(self, peer: Peer, session: str, code: Code, message: str, *, retry: bool = False) -> None:
        self.out.append((peer, Refuse(session=session, code=code, message=message, retry=retry)))

    def _ping(self, peer: Peer) -> None:
        feed = self._peers.get(peer)
        self.out.append((peer, Ping(session=feed.session if feed else "")))

    # misbehaviour and forgetting ---------------------------------------------------------------------------

    def _cut(self, peer: Peer, feed: Feed, now: float) -> None:
        self.uninvited += 1
        self._refuse(peer, feed.session, "request", "frames were sent without credit: this connection is cut")
        self.dropped.append(peer)
        self._lose(peer, now)

    def _forget_feeds(self, now: float) -> None:
        for feed in list(self.feeds.values()):
            if feed.away_since is not None and now - feed.away_since >= FORGET_FEED_S and not feed.held:
                self._forget(feed)

    def _forget(self, feed: Feed) -> None:
        self.feeds.pop(feed.session, None)
        self._names.forget(feed)
