"""Publishers and readers at one desk: what is said arrives at once and in order, time passes when a test says so."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from framebus.core.contracts import Item
from framebus.core.frame import Frame, Identity, Packet
from framebus.core.names import matches
from framebus.session.guests import Guest
from framebus.session.handshake import Calling
from framebus.session.outgoing import Action, Delivery
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.receive_queue import IDLE_S
from framebus.session.retention import Retention
from framebus.session.rules import PublisherRules, ReaderRules
from framebus.testing.network import CALLED, Line, Network, Node
from framebus.wire.control import Message, Party, Refuse, Reply, Welcome

RUN = 0xC0FFEE


def frame(
    seq: int, stream: str = "cam", *, nbytes: int = 100, at: float = 0.0, run: int = RUN, missed: int = 0
) -> Frame:
    """A picture of `nbytes` that takes no memory, captured `at` seconds."""
    pixels = np.broadcast_to(np.uint8(0), (nbytes,))
    return Frame(content=pixels, stream=stream, run=run, seq=seq, captured_ns=round(at * 1e9), missed=missed)


def packet(seq: int, stream: str = "cam", *, key: bool = False, nbytes: int = 100, run: int = RUN) -> Packet:
    """One access unit of coded video."""
    data = memoryview(bytes(nbytes))
    return Packet(data=data, codec="h264", key=key, pts=seq, dts=seq, stream=stream, run=run, seq=seq)


class Desk:
    """The clock and the network between the seats."""

    def __init__(self) -> None:
        self.network = Network(Random(0), latency_s=0.0)
        self.seats: list[Seat] = []

    @property
    def now(self) -> float:
        """Seconds since the test began."""
        return self.network.now

    def publisher(
        self, name: str = "publisher", *, calls: Seat | None = None, retention: Retention | None = None, **rules: Any
    ) -> Speaker:
        """A publisher that listens, or `calls` a hub."""
        return Speaker(self, name, calls, PublisherRules(**rules), retention)

    def reader(
        self, publisher: Seat | None = None, name: str = "reader", *, encrypted: bool = False, **rules: Any
    ) -> Listener:
        """A reader that connects to `publisher`, or a hub."""
        return Listener(self, name, publisher, ReaderRules(**rules), encrypted=encrypted)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.network.run(self.now + seconds)

    def settle(self) -> None:
        """Everything said is heard."""
        for seat in self.seats:
            seat.node.turn()
        self.network.run(self.now)


def pair(*, near: bool = False, **rules: Any) -> tuple[Desk, Speaker, Listener]:
    """A desk with one publisher, and one reader that connects to it under these `rules`; `near`: on one machine."""
    desk = Desk()
    publisher, name = (desk.publisher("here"), "here") if near else (desk.publisher(), "reader")
    return desk, publisher, desk.reader(publisher, name, **rules)


class Seat:
    """One end, with what it heard."""

    def __init__(self, desk: Desk, session: PublisherSession | ReaderSession, called: Seat | None) -> None:
        self.desk = desk
        self.heard: list[Action] = []
        self.node = Node(desk.network, session)
        self.node.overheard = lambda peer, action: self.heard.append(action)
        desk.seats.append(self)
        self.line = Line(desk.network, lambda: self.node, lambda: called.node) if called else None
        if called is not None and session.calling is not None:
            session.calling.dial(desk.now)
        self.connect()

    def connect(self) -> None:
        """Connect, or connect again."""
        if self.line is not None:
            self.line.connect()
            self.desk.settle()

    def cut(self, down_s: float = 1e9) -> None:
        """The connection breaks; the listening end sees it at once, this one does not."""
        assert self.line is not None
        self.line.cut(0.0, down_s)
        self.desk.settle()

    def freeze(self, duration: float) -> None:
        """Nothing gets through for a while, and nothing is lost."""
        assert self.line is not None
        assert self.line.connection is not None
        self.line.connection.freeze(duration)

    def kill(self) -> None:
        """The process dies; everybody notices at once."""
        self.node.die()
        self.desk.settle()

    def all_heard(self, kind: type[Message]) -> list[Any]:
        """The control messages of one kind that reached this end."""
        return [action for action in self.heard if isinstance(action, kind)]

    @property
    def refusal(self) -> Refuse | None:
        """The last refusal this end heard."""
        return next(iter(reversed(self.all_heard(Refuse))), None)

    @property
    def welcome(self) -> Welcome:
        """The last welcome."""
        welcome: Welcome = self.all_heard(Welcome)[-1]
        return welcome

    def introduce_callers(self, *guests: Guest) -> None:
        """The carrier knows who the next callers are: their addresses and rights."""
        waiting = list(guests)
        join = self.node.join

        def introduce(peer: Any, connection: Any) -> None:
            if waiting and peer != CALLED:
                self.node.session.guests.introduce(peer, waiting.pop(0))
            join(peer, connection)

        self.node.join = introduce  # type: ignore[method-assign]


class Speaker(Seat):
    """A publisher."""

    def __init__(
        self, desk: Desk, name: str, called: Seat | None, rules: PublisherRules, retention: Retention | None = None
    ) -> None:
        self.replies: list[tuple[Identity, Reply, memoryview | None]] = []
        self.done: list[int] = []
        self.session = PublisherSession(
            rules,
            Party(host=name, hostname=name, pid=1, command="python camera.py"),
            calling=Calling(f"{len(desk.seats):016x}", CALLED) if called else None,
            retention=retention,
            on_reply=lambda *reply: self.replies.append(reply),
        )
        super().__init__(desk, self.session, called)

    def send(self, *items: Item) -> None:
        """Offer frames without asking whether somebody is in the way."""
        for item in items:
            self.session.offer(item, self.desk.now, lambda seq=item.seq: self.done.append(seq))  # type: ignore[misc]
            self.desk.settle()

    def try_send(self, item: Item) -> str | None:
        """Offer a frame unless a group stops it; the name of that group."""
        blocked_by = self.session.audience.blocked_by(item.nbytes, item.stream)
        if blocked_by is None:
            self.send(item)
        return blocked_by

    def close(self) -> None:
        """No more frames."""
        self.session.close(self.desk.now)
        self.desk.settle()

    @property
    def retained(self) -> int:
        """Bytes kept for lossless groups."""
        return self.session.audience.retention.nbytes


class Listener(Seat):
    """A reader. Its user asks for nothing until told to."""

    def __init__(self, desk: Desk, name: str, called: Seat | None, rules: ReaderRules, *, encrypted: bool) -> None:
        calling = Calling(f"{len(desk.seats):016x}", CALLED) if called else None
        party = Party(host=name, hostname=name, pid=2, command="python view.py")
        self.session = ReaderSession(rules, party, calling=calling)
        self.session.guests.encrypted = encrypted
        self.in_hand: Item | None = None
        super().__init__(desk, self.session, called)

    def ask(self) -> None:
        """The user waits for a frame."""
        self.session.ask()
        self.desk.settle()

    def take(self) -> Item | None:
        """The user takes a frame, without being finished with it."""
        self.in_hand = self.session.take()
        self.desk.settle()
        if self.in_hand is None:
            self.in_hand = self.session.take()
        return self.in_hand

    def done(self, item: Item | None = None) -> None:
        """The user is finished with it."""
        item = item or self.in_hand
        assert item is not None
        self.session.done(item.identity, self.desk.now)
        self.desk.settle()

    def read(self) -> Item | None:
        """One turn of a loop: finished with the last frame, the next one please."""
        if self.in_hand is not None:
            self.done()
        return self.take()

    def read_all(self) -> list[int]:
        """The numbers of all frames that are here or come while they are read."""
        return [item.seq for item in self.read_items()]

    def read_items(self) -> list[Item]:
        """All frames that are here or come while they are read."""
        items = []
        while (item := self.read()) is not None:
            items.append(item)
        if self.session.idle(self.desk.now):
            self.desk.wait(2 * IDLE_S)
            self.desk.settle()
        return items

    @property
    def arrived(self) -> list[int]:
        """The numbers of all frames that reached this end, taken or not."""
        return [action.entry.identity.seq for action in self.heard if isinstance(action, Delivery)]

    @property
    def missed(self) -> int:
        """How many frames it was told it missed."""
        return sum(self.session.missed.values())


class Key:
    """Rights by a table: `Key(read={"cam"})` may read `cam` and nothing else."""

    def __init__(self, **allowed: set[str]) -> None:
        self.allowed = allowed

    def allows(self, verb: str, stream: str) -> bool:
        """See `Rights`."""
        return stream in self.allowed.get(verb, set())

    def reaches(self, verb: str, pattern: str) -> bool:
        """See `Rights`."""
        return any(matches(pattern, stream) for stream in self.allowed.get(verb, set()))
