"""ZeroMQ underneath a session: messages in and out of one socket, which listens or connects.

The session compares peers; here a peer is the tuple of parts that lead to it: `(routing id,)` for native peers,
`(routing id, b"")` for plain request sockets, and `()` for the one a connecting socket talks to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import zmq

from framebus.links import ipc
from framebus.links.guard import Guard
from framebus.links.monitor import Fact, Watch
from framebus.links.sockets import Socket
from framebus.session.outgoing import Peer

MAX_PARTS = 8
BATCH = 64

# as plain numbers: ZeroMQ's enumerations cost a microsecond each time they are combined
EVENTS, POLLIN, NOBLOCK = int(zmq.EVENTS), int(zmq.POLLIN), int(zmq.NOBLOCK)
NOBLOCK_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)

CALLED: tuple[bytes, ...] = ()
"""The peer of a connecting socket."""

Prefix = tuple[bytes, ...]


class Arrival(NamedTuple):
    """One message: who sent it, and its parts without the envelope. No parts: a peer says that it is there."""

    peer: Prefix
    parts: list[zmq.Frame]
    sizes: list[int]
    """Bytes of every part behind the routing id, also of those left out of `parts` because they are too many."""
    first: zmq.Frame
    """The first part as it came, which knows the connection."""


class Carrier:
    """One socket and the lookout that watches its connections. Used by one thread at a time."""

    def __init__(self, socket: Socket, lookout: Guard | Watch, domain: str = "") -> None:
        self.lookout = lookout
        self.domain = domain
        """Under which admission let its peers in; empty where everybody who reaches it may come."""
        self.listens = isinstance(lookout, Guard)
        self._socket = socket
        self._connections: dict[Peer, int] = {}
        self._events: Callable[[], Any] = partial(socket.get, EVENTS)

    @property
    def address(self) -> str:
        """Where it is bound, with the port the system chose; empty for one that connects."""
        return _text(self._socket.get(zmq.LAST_ENDPOINT)) if self.listens else ""

    def fileno(self) -> int:
        """ZeroMQ's own descriptor: edge-triggered, so ask `waiting()` before sleeping on it."""
        return int(self._socket.get(zmq.FD))

    def waiting(self) -> bool:
        """True when a message can be received; also takes note of what happened behind the scenes."""
        return bool(self._events() & POLLIN)

    def arrivals(self) -> Iterator[Arrival]:
        """Messages that are here, at most `BATCH`."""
        for _ in range(BATCH):
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
            if len(parts) < MAX_PARTS:
                parts.append(last)
        if not self.listens:
            return Arrival(CALLED, [first, *parts] if len(first) or parts else [], sizes, first)
        peer: Prefix = (first.bytes,)
        if len(parts) > 1 and not sizes[0]:
            return Arrival((*peer, b""), parts[1:], sizes, first)
        return Arrival(peer, [] if sizes == [0] else parts, sizes, first)

    def meet(self, arrival: Arrival) -> tuple[str, str] | None:
        """Account for a message; the network address and key name of a peer that is new here, None for others."""
        guard = self.lookout
        if not isinstance(guard, Guard):
            return None
        connection = self._connections.get(arrival.peer)
        if connection is not None:
            guard.delivered(connection, *arrival.sizes)
            return None
        connection = guard.connection(_property(arrival.first, zmq.SRCFD, -1))
        self._connections[arrival.peer] = connection
        guard.delivered(connection, *arrival.sizes)
        return _property(arrival.first, "Peer-Address", ""), _property(arrival.first, "User-Id", "")

    def admit(self, peer: Peer) -> None:
        """`peer` has introduced itself properly: it may have larger messages on their way."""
        if isinstance(self.lookout, Guard):
            self.lookout.admit(self._connections.get(peer, -1))

    def cut(self, peer: Peer, why: str) -> None:
        """End the connection to `peer`."""
        if isinstance(self.lookout, Guard):
            self.lookout.cut(self._connections.get(peer, -1), why)

    def look(self, now: float) -> tuple[list[Peer], list[Fact]]:
        """What happened to connections: the peers that have gone, and the facts behind it."""
        facts = self.lookout.drive(now)
        gone = {fact.connection for fact in facts if fact.kind == "gone"} if self.listens else set()
        if not gone:
            return [], facts
        return [peer for peer, connection in self._connections.items() if connection in gone], facts

    @property
    def deadline(self) -> float | None:
        """When to `look` again at the latest."""
        return self.lookout.deadline if isinstance(self.lookout, Guard) else None

    def forget(self, peer: Peer) -> None:
        """`peer` is gone."""
        self._connections.pop(peer, None)

    def send(self, peer: Peer, parts: Sequence[bytes | zmq.Frame]) -> bool:
        """Send to `peer`; False when there is no connection to it (any more)."""
        assert isinstance(peer, tuple)  # noqa: S101  (peers are what `arrivals` called them)
        message = (*peer, *parts)
        send = self._socket.send
        try:
            for part in message[:-1]:
                send(part, NOBLOCK_MORE, isinstance(part, bytes))
            send(message[-1], NOBLOCK, isinstance(message[-1], bytes))
        except zmq.ZMQError as error:
            if error.errno == zmq.EAGAIN:
                self.cut(peer, "it does not read what it asked for")
            if error.errno in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                return False
            raise
        return True

    def close(self, linger_ms: int = 0) -> None:
        """Free the socket; what was sent has `linger_ms` to leave."""
        if self.address.startswith("ipc://"):
            ipc.remove(self.address)
        self.lookout.close()
        self._socket.close(linger_ms)


def _text(value: Any) -> str:
    return bytes(value).rstrip(b"\0").decode()


def _property(frame: zmq.Frame, name: Any, otherwise: Any) -> Any:
    try:
        return frame.get(name)
    except (zmq.ZMQError, ValueError):
        return otherwise
