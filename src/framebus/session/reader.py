"""The reading side of the link protocol, without any I/O: one publisher, or, for a hub, as many as come.

Whoever drives it calls `received`, `arrived`, `disconnected`, `take`, `done`, `tick` and `leave`, and then does
what stands in `out` and cuts the connections in `dropped`. Nothing here blocks, reads a clock or touches a socket.
"""

from __future__ import annotations

from collections import deque

from framebus.core.contracts import Item
from framebus.core.frame import Identity
from framebus.session.acquaintance import Acquaintances
from framebus.session.custody import Custody
from framebus.session.feed import Feed
from framebus.session.guests import Guests
from framebus.session.handshake import Calling
from framebus.session.objection import Objection
from framebus.session.outgoing import Action, Peer
from framebus.session.receive_queue import Intake
from framebus.session.rules import LEISURE_S, ReaderRules
from framebus.wire.control import End, FrameRange, Hello, Message, Party, Ping, Refuse, Reply, Reset, Welcome


class ReaderSession:
    """All publishers of one reader, whoever of the two connects. Not thread-safe: drive it under one lock."""

    def __init__(self, rules: ReaderRules, party: Party, *, calling: Calling | None = None) -> None:
        self.rules = rules
        self.calling = calling
        self.guests = Guests()
        self.out: list[tuple[Peer, Action]] = []
        self.dropped: list[Peer] = []
        self.uninvited = 0
        self._intake = Intake(rules.max_inbox_bytes, self.out)
        self._custody = Custody(self._intake, rules.window_frames)
        self._known = Acquaintances(rules, party, calling, self.guests, self._intake, self.out)
        self.names = self._known.names
        """Whose each stream is; senders that do not speak framebus have theirs from here, too."""
        self.feeds = self._known.feeds
        """The publishers met, by session."""
        self.missed = self._custody.missed
        """Frames missed so far, by stream."""
        self.missed_at_end = self._custody.missed_at_end
        """Those of them that no later frame tells of, because the stream ended."""

    @property
    def party(self) -> Party:
        """Who this reader is, for its publishers."""
        return self._known.party

    @party.setter
    def party(self, party: Party) -> None:
        self._known.party = party

    @property
    def live(self) -> bool | None:
        """Whether the newest frame matters most to any publisher met; None before the first."""
        return self._known.live

    @property
    def lossless(self) -> bool:
        """True where any publisher met sends every frame, and keeps it until it is acknowledged."""
        return any(feed.lossless for feed in self.feeds.values())

    # what the owner does -----------------------------------------------------------------------------------

    @property
    def inbox(self) -> deque[tuple[Feed, Item]]:
        """Frames that are here and wait for the user."""
        return self._intake.frames

    def ask(self) -> None:
        """The user wants a frame: from now on newest-only publishers may send."""
        self._intake.ask()

    def look_ahead(self) -> None:
        """The user wants to be told that a frame is here before giving back the one before: from now on, one comes."""
        self._known.look_ahead()
        self._intake.ask()

    def idle(self, now: float) -> bool:
        """The user waits and nothing is here: acknowledgements that were kept back go soon; False if there are none."""
        return self._intake.idle(now)

    def take(self) -> Item | None:
        """The next frame, if one is here; it is held, and unacknowledged, until `done`."""
        return self._custody.take()

    def done(self, identity: Identity, now: float) -> None:
        """The user is finished with a frame: it may be acknowledged, and its place is free."""
        self._custody.done(identity, now)

    def is_owed(self, identity: Identity) -> bool:
        """True for a frame in hand that is sent again, to this reader or another, unless it is acknowledged."""
        return self._custody.is_owed(identity)

    def is_shared(self, stream: str) -> bool:
        """True for a stream that a group of publishers brings."""
        return any(feed.group and stream in feed.names.values() for feed in self.feeds.values())

    def addressed(self, identity: Identity) -> tuple[str, FrameRange] | None:
        """The session and the frame that an answer to `identity` names; None for a frame that is not in hand."""
        return self._custody.addressed(identity)

    def reply(self, identity: Identity, message: Reply, now: float) -> Peer | None:
        """Acknowledge a frame with an answer; the peer to which the carrier sends `message`, None if it is away.

        An answer that did not arrive is made again: the frame comes back, and counts as new.
        """
        return self._custody.answered(identity, now)

    @property
    def repeated(self) -> int:
        """Frames that came again although they were here."""
        return self._custody.repeated

    leisure_s = LEISURE_S
    """For how long nobody need drive: what comes waits, and credit travels together."""

    @property
    def finished(self) -> bool:
        """True when a connecting reader's publisher has ended and every frame was taken."""
        return self.calling is not None and self.calling.over and not self.inbox

    def leave(self) -> None:
        """Tell publishers that this reader goes; unacknowledged frames stay owed to its group."""
        self._intake.flush()
        for peer, feed in self._known.here.items():
            self.out.append((peer, End(session=feed.session)))

    # what the carrier tells --------------------------------------------------------------------------------

    def received(self, peer: Peer, message: Message, now: float) -> None:
        """A control message from `peer`."""
        known = self._known
        feed = known.here.get(peer)
        if feed is not None:
            known.pulse.heard(peer, now)
        match message:
            case Hello():
                known.on_hello(peer, message, now)
            case Welcome():
                known.on_welcome(peer, message, now)
            case Refuse():
                known.on_refuse(peer, message, now)
            case Reset():
                known.on_reset(peer, now)
            case End() if feed is not None:
                self._on_end(peer, feed, message, now)
            case Ping() if feed is not None:
                feed.learn(message.conditions, now)
                if not message.answer:
                    self._intake.tell(feed)
                    self.out.append((peer, Ping(session=feed.session, answer=True)))
            case _:
                self.unexpected(peer, now)

    def arrived(self, peer: Peer, item: Item, thinned: int, now: float) -> None:
        """A frame from `peer`."""
        feed = self._known.here.get(peer)
        if feed is None:
            self.unexpected(peer, now)
            return
        self._known.pulse.heard(peer, now)
        if feed.over_credit():
            self._cut(peer, feed, now)
        elif item.stream in feed.names or self._known.name(peer, feed, item, now):
            self._custody.take_in(feed, item, thinned, now)

    def disconnected(self, peer: Peer, now: float) -> None:
        """The connection to `peer` is gone; the reader waits for it to come back."""
        self.guests.forget(peer)
        self._known.lose(peer, now)

    def unexpected(self, peer: Peer, now: float) -> None:
        """`peer` sent something out of turn, or a probe: ask who it is."""
        self.out.append((peer, Reset()))

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._known.tick(now)
        if self._intake.flush_at is not None and now >= self._intake.flush_at:
            self._intake.flush_due(now)

    def deadline(self, now: float) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = (self._known.deadline(), self._intake.flush_at)
        return min((at for at in times if at is not None), default=None)

    def knows(self, peer: Peer) -> bool:
        """True for a publisher that has been welcomed and is there."""
        return peer in self._known.here

    @property
    def away(self) -> bool:
        """True while nobody publishes to this reader."""
        return not self._known.here

    def _on_end(self, peer: Peer, feed: Feed, message: End, now: float) -> None:
        if feed.session != message.session:
            return
        self._custody.end(feed, message.streams)
        self.out.append((peer, End(session=feed.session)))
        if self.calling is not None:
            self.calling.end()
        self._known.lose(peer, now)

    def _cut(self, peer: Peer, feed: Feed, now: float) -> None:
        self.uninvited += 1
        objection = Objection("request", "frames were sent without credit: this connection is cut")
        self.out.append((peer, objection.refuse(feed.session)))
        self.dropped.append(peer)
        self._known.lose(peer, now)
