"""Senders that are not framebus, as a pure state machine: no credit, no session; some wait for an answer each time.

Who waits for an answer gets it when its frame is done with, which is how a slow reader slows it down. After
`PATIENCE_S` it gets it anyway, so that no timeout of its own fires, and its next frame takes the place of one that
still waits. What is replaced is counted. Whoever answers by hand decides alone.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from itertools import takewhile

from msgspec.structs import force_setattr

from framebus.core.contracts import Item
from framebus.core.frame import Identity
from framebus.core.hosts import is_loopback
from framebus.core.names import matches, to_name
from framebus.session.feed import Feed
from framebus.session.guests import Guests
from framebus.session.outgoing import Peer
from framebus.session.rules import MAX_STREAMS, ReaderRules
from framebus.session.stream_names import Names
from framebus.session.texts import Texts

PATIENCE_S = 2.0
"""For how long an answer may be withheld."""
WAITING_FRAMES = 8
"""Frames of one sender that wait where every frame is wanted."""
MAX_HOSTS = 1024
"""Machines whose senders' names are remembered."""


class _Line:
    """One stream of one sender: how its frames are numbered, and which number was given out last."""

    __slots__ = ("last", "name", "next", "not_before", "run")

    def __init__(self, name: str, run: int, first: int) -> None:
        self.name = name
        self.run = run
        self.next = first
        self.last = first - 1
        self.not_before = 0.0


class _Held:
    """One frame that waits, or is worked on, and what its sender is still to be told."""

    __slots__ = ("again", "answer", "answer_at", "item", "line", "sender")

    def __init__(self, sender: _Sender, line: _Line, item: Item, answer: bytes, now: float, *, again: bool) -> None:
        self.again = again
        self.sender = sender
        self.line = line
        self.item = item
        self.answer = answer
        self.answer_at = now + PATIENCE_S


class _Sender:
    """One connection."""

    def __init__(self, peer: Peer, feed: Feed, host: str) -> None:
        self.peer: Peer | None = peer
        self.feed = feed
        self.host = host
        self.texts = Texts(host)
        self.lines: dict[tuple[str, int], _Line] = {}
        self.waiting: deque[_Held] = deque()
        self.queued = False
        """True while it is among those whose turn comes."""
        self.unanswered: _Held | None = None
        self.asks = False


class LegacySenders:
    """All of them at one port; what they are to be told stands in `out`. Not thread-safe: drive it under one lock."""

    def __init__(
        self,
        rules: ReaderRules,
        guests: Guests,
        names: Names,
        *,
        here: str = "sender",
        by_hand: bool = False,
        new_run: Callable[[], int] = lambda: secrets.randbits(64) or 1,
    ) -> None:
        self.out: list[tuple[Peer, bytes]] = []
        self._rules = rules
        self._guests = guests
        self._names = names
        self._here = here
        self.by_hand = by_hand
        self._new_run = new_run
        self._senders: dict[Peer, _Sender] = {}
        self._feeds: dict[str, Feed] = {}
        self._turns: deque[_Sender] = deque()
        self._withheld: dict[_Held, None] = {}
        self._in_hand: dict[Identity, _Held] = {}
        self._nbytes = 0
        self.left = False
        """True once nobody reads here any more."""

    # what the carrier tells --------------------------------------------------------------------------------

    def host(self, peer: Peer) -> str:
        """What a stream of `peer` is called where nothing else names it: `192-168-1-12`, or this machine's name."""
        return self._sender(peer).host

    def arrived(self, peer: Peer, item: Item, answer: bytes, now: float, *, again: bool = False) -> None:
        """A frame from `peer`, which waits for an answer unless that is empty.

        `again`: where there is no answer it sends the frame to another hub.
        """
        sender = self._sender(peer)
        held = _Held(sender, self._line(sender, item), item, answer, now, again=again)
        sender.unanswered = held if answer else None  # whoever sends again has given up on the answer before
        sender.asks = bool(answer) and not again
        if self.left:
            self._dismiss(sender)
            return
        if not self._wanted(held.line, now):
            self._tell(held, held.answer)
            return
        self._number(held)
        if self._make_room(held):
            self._wait(held)
        else:
            self._tell(held, held.answer)

    def ended(self, peer: Peer, answer: bytes) -> None:
        """`peer` said that it sends no more."""
        if answer:
            self.out.append((peer, answer))

    def disconnected(self, peer: Peer) -> None:
        """`peer` is gone; what it sent is still given out."""
        sender = self._senders.pop(peer, None)
        if sender is not None:
            sender.peer = sender.unanswered = None

    def tick(self, now: float) -> None:
        """Time has passed."""
        for held in list(takewhile(lambda held: held.answer_at <= now, self._withheld)):
            self._tell(held, held.answer)

    def deadline(self) -> float | None:
        """When `tick` should be called at the latest, or None."""
        return next((held.answer_at for held in self._withheld), None)

    # what the owner does -----------------------------------------------------------------------------------

    @property
    def away(self) -> bool:
        """True while no sender is connected."""
        return not self._senders

    @property
    def streams(self) -> set[str]:
        """The streams of senders that are connected."""
        return {line.name for sender in self._senders.values() for line in sender.lines.values()}

    @property
    def askers(self) -> list[Peer]:
        """Those connected that would wait for ever for an answer to what they send."""
        return [peer for peer, sender in self._senders.items() if sender.asks]

    @property
    def waiting(self) -> bool:
        """True when a frame can be taken."""
        return bool(self._turns)

    def take(self) -> Item | None:
        """The next frame, of each sender in turn; its `missed` counts those of its stream that were not kept."""
        if not self._turns:
            return None
        sender = self._turns.popleft()
        held = sender.waiting.popleft()
        sender.queued = bool(sender.waiting)
        if sender.queued:
            self._turns.append(sender)
        self._nbytes -= held.item.nbytes
        line, item = held.line, held.item
        force_setattr(item, "missed", max(0, item.seq - line.last - 1))
        line.last = max(line.last, item.seq)
        self._in_hand[item.identity] = held
        return item

    def done(self, identity: Identity) -> bool:
        """The user is finished with a frame; False where it is none of ours."""
        held = self._in_hand.pop(identity, None)
        if held is not None:
            self._tell(held, held.answer)
        return held is not None

    def answer(self, identity: Identity, data: bytes) -> bool:
        """Answer the sender of a frame in hand with `data`, one part; False where it is none of ours."""
        held = self._in_hand.get(identity)
        if held is not None and held.answer:
            self._tell(held, data)
        return held is not None

    def leave(self) -> None:
        """Nobody reads here any more: whoever would wait for ever gets its answer now; others ask another hub."""
        self.left = True
        for sender in self._senders.values():
            self._dismiss(sender)

    # how ---------------------------------------------------------------------------------------------------

    def _dismiss(self, sender: _Sender) -> None:
        held = sender.unanswered
        if held is not None and not held.again:
            self._tell(held, held.answer)

    def _sender(self, peer: Peer) -> _Sender:
        sender = self._senders.get(peer)
        if sender is None:
            address = self._guests.address(peer)
            near = not address or is_loopback(address)
            host = self._here if near else to_name(address.replace(".", "-"), self._here)
            sender = self._senders[peer] = _Sender(peer, self._feed(address), host)
        return sender

    def _feed(self, address: str) -> Feed:
        """Who has names here is the machine: its senders come and go, some with each picture."""
        feed = self._feeds.get(address)
        if feed is None:
            if len(self._feeds) >= MAX_HOSTS:
                self._names.forget(self._feeds.pop(next(iter(self._feeds))))
            feed = self._feeds[address] = Feed(f"senders at {address}")
            feed.address = address
        return feed

    def _line(self, sender: _Sender, item: Item) -> _Line:
        known = sender.feed.names
        text = item.stream if item.run else sender.texts.stream(item.stream)  # framebus says what it means
        if text not in known and len(known) >= MAX_STREAMS:
            text = sender.host
        line = sender.lines.get((text, item.run))
        if line is None:
            if len(sender.lines) >= MAX_STREAMS:
                del sender.lines[next(iter(sender.lines))]
            name = known.get(text) or self._names.claim(sender.feed, text)
            line = sender.lines[text, item.run] = _Line(name, item.run or self._new_run(), item.seq)
        return line

    def _number(self, held: _Held) -> None:
        line, item = held.line, held.item
        force_setattr(item, "stream", line.name)
        if not item.run:
            force_setattr(item, "run", line.run)
            force_setattr(item, "seq", line.next)
        line.next = max(line.next, item.seq) + 1

    def _wanted(self, line: _Line, now: float) -> bool:
        if not any(matches(want, line.name) for want in self._rules.want or ("",)) or now < line.not_before:
            return False
        if self._rules.max_fps:
            line.not_before = max(line.not_before, now - 1 / self._rules.max_fps) + 1 / self._rules.max_fps
        return True

    def _make_room(self, held: _Held) -> bool:
        """Give up older frames of this sender for its newest; False when that does not help."""
        waiting = held.sender.waiting
        if self._rules.keep != "all":
            for older in waiting:
                if older.line is held.line:
                    waiting.remove(older)
                    self._give_up(older)
                    break
        elif len(waiting) >= WAITING_FRAMES:
            self._give_up(waiting.popleft())
        if self._nbytes + held.item.nbytes <= self._rules.max_inbox_bytes or not self._turns:
            return True
        if held.sender.queued and not waiting:
            held.sender.queued = False
            self._turns.remove(held.sender)
        return False

    def _give_up(self, held: _Held) -> None:
        self._nbytes -= held.item.nbytes
        self._tell(held, held.answer)

    def _wait(self, held: _Held) -> None:
        sender = held.sender
        sender.waiting.append(held)
        if not sender.queued:
            sender.queued = True
            self._turns.append(sender)
        self._nbytes += held.item.nbytes
        if held.answer and not self.by_hand:
            self._withheld[held] = None

    def _tell(self, held: _Held, data: bytes) -> None:
        """Answer, once, and only who still waits for it."""
        if not held.answer:
            return
        held.answer = b""
        self._withheld.pop(held, None)
        sender = held.sender
        if sender.peer is not None and sender.unanswered is held:
            sender.unanswered = None
            self.out.append((sender.peer, data))
