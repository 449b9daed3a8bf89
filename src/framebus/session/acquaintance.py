"""The publishers that a reader knows: how the two get acquainted, whoever calls, and who of them is here."""

from __future__ import annotations

from collections.abc import Iterable

from framebus.core.contracts import Item
from framebus.session import wishes
from framebus.session.feed import LATEST_WINDOW_OFF_HOST, LATEST_WINDOW_ON_HOST, Feed
from framebus.session.guests import Guests
from framebus.session.handshake import Calling
from framebus.session.objection import Objection
from framebus.session.outgoing import Action, Peer
from framebus.session.pulse import Pulse
from framebus.session.receive_queue import Intake
from framebus.session.rules import MAX_STREAMS, ReaderRules
from framebus.session.stream_names import Claims, Names
from framebus.wire.control import End, Hello, Party, Ping, Refuse, Welcome, conflict, parse_run, speaks

FORGET_FEED_S = 60.0
LOOK_S = 1.0
"""How often those are looked for that are to be forgotten."""
BOTH_READ = "both sides read: one of them should publish"


class Acquaintances:
    """Publishers by session, and those that are here by connection. What is to be said is appended to `out`."""

    def __init__(
        self,
        rules: ReaderRules,
        party: Party,
        calling: Calling | None,
        guests: Guests,
        intake: Intake,
        out: list[tuple[Peer, Action]],
    ) -> None:
        """`intake` is told who takes credit."""
        self.party = party
        self.feeds: dict[str, Feed] = {}
        self.here: dict[Peer, Feed] = {}
        self.live: bool | None = None
        """Whether the newest frame matters most to any publisher met; None before the first."""
        self.pulse = Pulse()
        self._ahead = False
        self._forget_at = 0.0
        self._rules = rules
        self._calling = calling
        self._guests = guests
        self._intake = intake
        self._out = out
        self.names = Names()
        self._claims = Claims(self.names, self.pulse)

    # a publisher calls -------------------------------------------------------------------------------------

    def on_hello(self, peer: Peer, hello: Hello, now: float) -> None:
        """Somebody introduces itself: a publisher is answered, anybody else refused."""
        if not speaks(hello.versions):
            text = conflict(hello.versions, hello.party, self.party)
            self._refuse(peer, hello.session, Objection("version", text))
        elif hello.role != "publisher":
            self._refuse(peer, hello.session, Objection("request", BOTH_READ))
        else:
            self._receive_publisher(peer, hello, now)

    def _receive_publisher(self, peer: Peer, hello: Hello, now: float) -> None:
        feed = self.feeds.get(hello.session) or Feed(hello.session)
        if feed.peer == peer and feed.attempt == hello.attempt:
            return  # answered already
        for known in {peer, feed.peer} & self.here.keys():
            self.lose(known, now)
        feed.party, feed.address, feed.attempt = hello.party, self._guests.address(peer), hello.attempt
        feed.group = hello.group
        feed.announce(*(parse_run(state.run) for state in hello.streams))
        if self._may_publish(peer, feed, (state.name for state in hello.streams), now):
            self._meet(peer, feed, now)
            self._out.append((peer, wishes.welcome(self._rules, self.party, hello)))

    def _meet(self, peer: Peer, feed: Feed, now: float) -> None:
        self.feeds[feed.session] = self.here[peer] = feed
        self.pulse.heard(peer, now)
        feed.meet(peer)

    def _may_publish(self, peer: Peer, feed: Feed, streams: Iterable[str], now: float) -> bool:
        """Whether this publisher may have those names; it is refused, for good or for now, when it may not."""
        rights = self._guests.rights(peer)
        for stream in streams:
            verdict = self._claims.judge(feed, stream, rights, now)
            if verdict.lose is not None:
                self.lose(verdict.lose, now)
            if verdict.ask is not None:
                self._ping(verdict.ask)
            if verdict.objection is not None:
                self._refuse(peer, feed.session, verdict.objection)
                return False
        return True

    def name(self, peer: Peer, feed: Feed, item: Item, now: float) -> bool:
        """Give the stream of `item` its name where it was not announced; who may not have it is sent away."""
        stream = item.stream
        feed.announce(item.run)
        if len(feed.names) >= MAX_STREAMS:
            text = f"more than {MAX_STREAMS} streams from one publisher"
            self._refuse(peer, feed.session, Objection("request", text))
        elif self._calling is not None:
            feed.names[stream] = stream
            return True
        elif self._may_publish(peer, feed, (stream,), now):
            self.names.claim(feed, stream)
            return True
        self.lose(peer, now)
        return False

    # a publisher is called, or answers ---------------------------------------------------------------------

    def on_welcome(self, peer: Peer, message: Welcome, now: float) -> None:
        """A publisher that was called answers, or one that called says how it serves this reader."""
        if self._calling is not None:
            self._on_answer(self._calling, peer, message, now)
            return
        feed = self.here.get(peer)
        if feed is None or feed.open or (feed.session, feed.attempt) != (message.session, message.attempt):
            return
        feed.announce(*(parse_run(state.run) for state in message.streams))
        begun_since_hello = (state.name for state in message.streams if state.name not in feed.names)
        if self._may_publish(peer, feed, begun_since_hello, now):
            self._begin(feed, message)
        else:
            self.lose(peer, now)

    def _on_answer(self, calling: Calling, peer: Peer, message: Welcome, now: float) -> None:
        if not calling.awaits(peer, message):
            return
        if message.role != "publisher":
            calling.refused(BOTH_READ, now, retry=False)
            return
        calling.answered()
        feed = self.feeds.get(message.session) or Feed(message.session)
        feed.party, feed.address, feed.attempt = message.party, self._guests.address(peer), message.attempt
        self._meet(peer, feed, now)
        self._begin(feed, message)

    def look_ahead(self) -> None:
        """Every publisher may send one frame more than the one in the user's hands."""
        self._ahead = True
        for feed in self.here.values():
            if feed.open and feed.window == LATEST_WINDOW_ON_HOST and not feed.lossless:
                feed.window = LATEST_WINDOW_OFF_HOST
                self._intake.begin(feed)

    def _begin(self, feed: Feed, message: Welcome) -> None:
        """The publisher has said how it serves this reader."""
        keep = message.keep or self._rules.keep or ("latest" if message.live else "all")
        feed.lossless = keep == "all"
        self.live = bool(self.live) or message.live
        near = bool(self.party.host) and feed.party.host == self.party.host
        feed.ahead = self._rules.alone and (self._guests.encrypted or not near)
        newest = LATEST_WINDOW_ON_HOST if near and not self._ahead else LATEST_WINDOW_OFF_HOST
        if feed.lossless:
            feed.window = max(feed.held, self._rules.window_frames)
        else:
            packets = self._rules.packets or any(state.packets for state in message.streams)
            feed.window = self._rules.window_frames if packets else newest
        if self._calling is None:
            for state in message.streams:
                self.names.claim(feed, state.name)
        feed.begin(message.streams, rebase=message.resumed and not message.exclusive)
        self._intake.begin(feed)

    def on_refuse(self, peer: Peer, message: Refuse, now: float) -> None:
        """The other side does not want this reader."""
        self.lose(peer, now)
        if self._calling is not None and peer == self._calling.peer:
            self._calling.refused(message.message, now, retry=message.retry)

    def on_reset(self, peer: Peer, now: float) -> None:
        """The other side does not know this reader (any more)."""
        calling = self._calling
        if calling is None or peer != calling.peer:
            return
        self.lose(peer, now)
        if calling.over:
            self._out.append((peer, End(session=calling.session)))
        elif calling.hello_due(now):
            self._say_hello(calling)

    # what we say -------------------------------------------------------------------------------------------

    def _say_hello(self, calling: Calling) -> None:
        self._out.append((calling.peer, wishes.hello(self._rules, self.party, calling)))

    def _refuse(self, peer: Peer, session: str, objection: Objection) -> None:
        self._out.append((peer, objection.refuse(session)))

    def _ping(self, peer: Peer) -> None:
        feed = self.here.get(peer)
        self._out.append((peer, Ping(session=feed.session if feed else "")))

    # who is here -------------------------------------------------------------------------------------------

    def lose(self, peer: Peer, now: float) -> None:
        """`peer` is silent or gone; a silent one that returns over the same connection is still who it was."""
        self.pulse.forget(peer)
        feed = self.here.pop(peer, None)
        if feed is not None:
            feed.break_off(now)
            self._intake.forget(feed)
        if self._calling is not None and peer == self._calling.peer:
            self._calling.lost(now)

    def tick(self, now: float) -> None:
        """Time has passed."""
        asked, silent = self.pulse.check(now)
        for peer in asked:
            self._ping(peer)
        for peer in silent:
            self.lose(peer, now)
        if self._calling is None:
            if now >= self._forget_at:
                self._forget_at = now + LOOK_S
                self._forget_feeds(now)
        elif self._calling.hello_due(now):
            self._say_hello(self._calling)

    def _forget_feeds(self, now: float) -> None:
        for feed in list(self.feeds.values()):
            if feed.away_since is not None and now - feed.away_since >= FORGET_FEED_S and not feed.held:
                del self.feeds[feed.session]
                self.names.forget(feed)

    def deadline(self) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = [self.pulse.deadline(), self._calling.deadline() if self._calling else None]
        return min((at for at in times if at is not None), default=None)
