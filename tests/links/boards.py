"""Driving switchboards by hand, at places where their ends meet."""

from __future__ import annotations

import contextlib
import hashlib
import select
import socket as system
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from framebus.links.carrier import CALLED, Newcomer
from framebus.links.connection import Parcel
from framebus.links.dialling import Dial, FileDial, LocalDial, TcpDial
from framebus.links.doors import FileDoor, LocalDoor, TcpDoor
from framebus.links.entrance import Door
from framebus.links.fact import Fact
from framebus.links.switchboard import Switchboard
from framebus.session.outgoing import Peer

PATIENCE_S = 30.0
PATIENCE_MS = 30_000
MB = 1_000_000


def short(part: bytes | memoryview) -> bytes:
    """A part of a message as it is compared and shown here: large ones by their digests."""
    if len(part) <= 100:
        return bytes(part)
    return b"%d bytes, %s" % (len(part), hashlib.sha256(part).hexdigest()[:16].encode())


class End:
    """A switchboard, driven by the test as an endpoint would: awake only when it says so."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.heard: list[tuple[Peer, list[bytes]]] = []
        self.newcomers: list[Newcomer | None] = []
        self.gone: list[Peer] = []
        self.facts: list[Fact] = []

    def turn(self) -> None:
        for peer, parts, newcomer in self.board.arrivals():
            self.heard.append((peer, [short(part) for part in parts]))
            self.newcomers.append(newcomer)
        now, deadline = time.monotonic(), self.board.deadline
        if self.board.news or (deadline is not None and deadline <= now):
            self.look(now)

    def look(self, now: float) -> None:
        gone, facts = self.board.look(now)
        self.gone += gone
        self.facts += facts

    def look_later(self, seconds: float) -> None:
        """As if so much time had passed."""
        self.look(time.monotonic() + seconds)

    def look_when_due(self) -> float:
        """As if it were the time that the board names, which is returned."""
        due = self.board.deadline
        assert due is not None
        self.look(due)
        return due

    @property
    def messages(self) -> list[list[bytes]]:
        return [message for _, message in self.heard]

    @property
    def peers(self) -> list[Peer]:
        """In the order of their first messages."""
        return list(dict.fromkeys(peer for peer, _ in self.heard))

    def __str__(self) -> str:
        return f"{len(self.heard)} messages, the last {self.messages[-1:]}; {self.gone} gone; {self.facts[-3:]}"

    def times_ready(self) -> int:
        return sum(fact.kind == "ready" for fact in self.facts)

    def texts(self) -> list[str]:
        return [fact.text for fact in self.facts if fact.text]

    def close(self) -> None:
        self.board.close()


def until(done: Callable[[], object], *ends: End) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not done():
        now = time.monotonic()
        assert now < limit, "waited in vain:\n" + "\n".join(map(str, ends))
        poll = select.poll()
        for end in ends:
            poll.register(end.board.fileno(), select.POLLIN)
        wait_s = min([limit, *(end.board.deadline or limit for end in ends)]) - now
        poll.poll(max(0.0, wait_s * 1000 + 1))
        for end in ends:
            end.turn()


def is_quiet(end: End) -> bool:
    return not select.select([end.board.fileno()], [], [], 0)[0]


@dataclass
class Place:
    """Where ends of one kind meet."""

    kind: str
    path: str
    port: int
    admits: Callable[[str], str] = field(default=lambda address: "")

    def door(self) -> Door:
        if self.kind == "tcp":
            return TcpDoor("127.0.0.1", self.port, self.admits)
        return FileDoor(self.path) if self.kind == "ipc" else LocalDoor(self.path)

    def dial(self) -> Dial:
        if self.kind == "tcp":
            return TcpDial(f"tcp://127.0.0.1:{self.port}", "127.0.0.1", self.port)
        if self.kind == "ipc":
            return FileDial(f"ipc://{self.path}", self.path)
        return LocalDial("shm://cam", lambda: (self.path, True))

    def dial_code(self) -> str:
        """The same for another process."""
        if self.kind == "tcp":
            return f"TcpDial('here', '127.0.0.1', {self.port})"
        return (
            f"FileDial('here', {self.path!r})"
            if self.kind == "ipc"
            else f"LocalDial('here', lambda: ({self.path!r}, True))"
        )

    def stranger(self) -> system.socket:
        """A raw connection."""
        if self.kind == "tcp":
            return system.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        raw = system.socket(system.AF_UNIX, system.SOCK_STREAM if self.kind == "ipc" else system.SOCK_SEQPACKET)
        raw.settimeout(PATIENCE_S)
        try:
            raw.connect(self.path)
        except OSError:
            raw.close()
            raise
        return raw


def listens(stack: ExitStack, *places: Place) -> End:
    return stack.enter_context(closing(End(Switchboard([place.door() for place in places]))))


def calls(stack: ExitStack, place: Place) -> End:
    return stack.enter_context(closing(End(Switchboard(dial=place.dial()))))


def says(end: End, peer: Peer, message: bytes | Parcel) -> None:
    assert end.board.send(peer, message)


def introduced(server: End, caller: End, name: bytes = b"hello") -> Peer:
    """The peer that `caller` is, once it has said its name."""
    known = len(server.heard)
    until(caller.times_ready, server, caller)
    says(caller, CALLED, name)
    until(lambda: len(server.heard) > known, server, caller)
    peer, message = server.heard[-1]
    assert message == [name]
    return peer


def met(stack: ExitStack, place: Place) -> tuple[End, End, Peer]:
    """One that listens, one that calls, and the peer that this is there."""
    server, caller = listens(stack, place), calls(stack, place)
    return server, caller, introduced(server, caller)


def parcel(mark: int, count: int) -> Parcel:
    return Parcel(b"header %d" % mark, memoryview(bytes([mark]) * count))


def marks(end: End) -> list[bytes]:
    """Of the parcels that came."""
    return [message[0] for message in end.messages if len(message) == 2]


def heard_all(raw: system.socket) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while data := raw.recv(4096):
            heard += data
    return heard
