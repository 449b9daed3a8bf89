"""libzmq underneath a session: links with keys, whose encryption it does, and links inside one process.

A peer is the tuple of parts that lead to it: `(routing id,)` for native peers, `(routing id, b"")` for plain request
sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import zmq

from framebus.links.admission import admission
from framebus.links.carrier import CALLED, Arrival, Carrier, Newcomer
from framebus.links.connection import MAX_PARTS, Parcel
from framebus.links.fact import Fact
from framebus.links.guard import Guard
from framebus.links.monitor import Watch
from framebus.links.sockets import Socket
from framebus.session.outgoing import Peer, Rights

BATCH = 64

# as plain numbers: ZeroMQ's enumerations cost a microsecond each time they are combined
EVENTS, POLLIN, NOBLOCK = int(zmq.EVENTS), int(zmq.POLLIN), int(zmq.NOBLOCK)
NOBLOCK_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)

COPY_BELOW = 65536
"""Payloads smaller than this are copied into the message, which is cheaper than keeping track of them."""

Prefix = tuple[bytes, ...]


class ZmqCarrier(Carrier):
    """One socket and the lookout that watches its connections. Used by one thread at a time."""

    def __init__(self, socket: Socket, lookout: Guard | Watch, domain: str = "") -> None:
        self._watch = lookout
        self._domain = domain
        """Under which admission lets them in; empty where it is not asked."""
        self.encrypts = lookout.encrypted
        self.listens = isinstance(lookout, Guard)
        self._socket = socket
        self._connections: dict[Peer, int] = {}
        self._events: Callable[[], Any] = partial(socket.get, EVENTS)

    @property
    def address(self) -> str:
        return _text(self._socket.get(zmq.LAST_ENDPOINT)) if self.listens else ""

    def fileno(self) -> int:
        return int(self._socket.get(zmq.FD))

    @property
    def lookout(self) -> int:
        return self._watch.fileno()

    def waiting(self) -> bool:
        # asking also makes ZeroMQ take note of what happened behind the scenes
        return bool(self._events() & POLLIN)

    def arrivals(self) -> Iterator[Arrival]:
        for _ in range(BATCH):
            if not self.waiting():  # an exception would cost much more
                return
            try:
                arrival = self._receive()
            except zmq.Again:
                return
            yield arrival

    def _receive(self) -> Arrival:
        first = self._socket.recv(NOBLOCK, False)
        parts: list[zmq.Frame] = []
        sizes: list[int] = []
        last = first
        while last.more:
            last = self._socket.recv(NOBLOCK, False)
            sizes.append(len(last))
            if len(parts) <= MAX_PARTS:
                parts.append(last)
        if not self.listens:
            return Arrival(CALLED, _buffers([first, *parts] if len(first) or parts else []))
        peer: Prefix = (first.bytes,)
        if len(parts) > 1 and not sizes[0]:
            peer, parts = (*peer, b""), parts[1:]
        elif sizes == [0]:
            parts = []
        return Arrival(peer, _buffers(parts), self._meet(peer, first, sizes))

    def _meet(self, peer: Prefix, first: zmq.Frame, sizes: list[int]) -> Newcomer | None:
        """Account for a message of `peer`; who that is, if this is its first."""
        guard = self._watch
        if not isinstance(guard, Guard):
            return None
        connection = self._connections.get(peer)
        if connection is not None:
            guard.delivered(connection, *sizes)
            return None
        connection = guard.connection(_property(first, zmq.SRCFD, -1))
        self._connections[peer] = connection
        guard.delivered(connection, *sizes)
        return Newcomer(_property(first, "Peer-Address", ""), _property(first, "User-Id", ""))

    def admit(self, peer: Peer) -> None:
        if isinstance(self._watch, Guard):
            self._watch.admit(self._connections.get(peer, -1))

    def rights(self, user: str) -> Rights | None:
        return admission().rights(self._domain, user) if self._domain and user else None

    def revoked(self) -> Iterable[str]:
        return admission().revoked(self._domain) if self._domain else ()

    def cut(self, peer: Peer, why: str) -> None:
        if isinstance(self._watch, Guard):
            self._watch.cut(self._connections.get(peer, -1), why)

    def look(self, now: float) -> tuple[list[Peer], list[Fact]]:
        facts = self._watch.drive(now)
        gone = {fact.connection for fact in facts if fact.kind == "gone"} if self.listens else set()
        if not gone:
            return [], facts
        return [peer for peer, connection in self._connections.items() if connection in gone], facts

    @property
    def deadline(self) -> float | None:
        return self._watch.deadline if isinstance(self._watch, Guard) else None

    def forget(self, peer: Peer) -> None:
        self._connections.pop(peer, None)

    def send(self, peer: Peer, message: bytes | Parcel) -> bool:
        assert isinstance(peer, tuple)  # noqa: S101  (peers are what `arrivals` called them)
        parts = (*peer, message) if isinstance(message, bytes) else (*peer, message.head, _payload(message))
        send = self._socket.send
        try:
            for part in parts[:-1]:
                send(part, NOBLOCK_MORE)
            last = parts[-1]
            send(last, NOBLOCK, isinstance(last, bytes))
        except zmq.ZMQError as error:
            if error.errno == zmq.EAGAIN:
                self.cut(peer, "it does not read what it asked for")
            if error.errno in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                return False
            raise
        return True

    def close(self, linger_ms: int = 0) -> None:
        if self._domain:
            admission().unregister(self._domain)
        self._watch.close()
        self._socket.close(linger_ms)


def _buffers(parts: list[zmq.Frame]) -> list[memoryview]:
    return [part.buffer for part in parts]


def _payload(parcel: Parcel) -> bytes | zmq.Frame:
    """The payload as ZeroMQ takes it, made once for all readers."""
    if parcel.framed is None:
        view = parcel.payload
        parcel.framed = bytes(view) if view.nbytes < COPY_BELOW else zmq.Frame(view, copy=False, track=False)
    framed: bytes | zmq.Frame = parcel.framed
    return framed


def _text(value: Any) -> str:
    return bytes(value).rstrip(b"\0").decode()


def _property(frame: zmq.Frame, name: Any, otherwise: Any) -> Any:
    try:
        return frame.get(name)
    except (zmq.ZMQError, ValueError):
        return otherwise
