"""Stream connections over real sockets, driven by hand."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import numpy as np
import zmq

from framebus.links.connection import Gone
from framebus.links.stream import StreamConnection

PATIENCE_S = 30.0
LOOK_MS = 20
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)
READY_DEALER = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER"
Message = list[bytes]
ZmqSocket = zmq.Socket[bytes]


class Talk:
    """Several connections, driven together; what each of them got, and how it ended."""

    def __init__(self, *connections: StreamConnection) -> None:
        self.got: dict[StreamConnection, list[Message]] = {}
        self.gone: dict[StreamConnection, str] = {}
        for connection in connections:
            self.join(connection)

    def join(self, connection: StreamConnection) -> StreamConnection:
        self.got[connection] = []
        return connection

    def until(self, condition: Callable[[], object]) -> None:
        """Move bytes until it holds; looks again now and then, for what happens at a peer of libzmq's."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"waited for nothing; got {self.got}, gone {self.gone}"
            self.turn()

    def turn(self) -> None:
        poll, alive = select.poll(), {c.fileno(): c for c in self.got if c not in self.gone}
        for descriptor, connection in alive.items():
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if connection.pending else 0))
        for descriptor, events in poll.poll(LOOK_MS):
            self._serve(alive[descriptor], events)

    def _serve(self, connection: StreamConnection, events: int) -> None:
        try:
            if events & select.POLLOUT:
                connection.flush()
            if events & ~select.POLLOUT:
                self.got[connection] += [[bytes(part) for part in parts] for parts in connection.receive()]
        except Gone as gone:
            self.gone[connection] = str(gone)

    def ended(self, connection: StreamConnection) -> str:
        self.until(lambda: connection in self.gone)
        return self.gone[connection]

    def next(self, connection: StreamConnection) -> Message:
        self.until(lambda: self.got[connection])
        return self.got[connection].pop(0)

    def reply(self, peer: ZmqSocket) -> Message:
        self.until(lambda: peer.poll(0))
        return peer.recv_multipart()


def address(door: socket.socket) -> str:
    name = door.getsockname()
    return f"ipc://{name}" if isinstance(name, str) else f"tcp://127.0.0.1:{name[1]}"


def accepted(stack: ExitStack, door: socket.socket) -> StreamConnection:
    door.settimeout(PATIENCE_S)
    connection = StreamConnection(door.accept()[0], initiator=False, where="a peer")
    return stack.enter_context(closing(connection))


def connecting(stack: ExitStack, address: object, family: socket.AddressFamily) -> StreamConnection:
    sock = socket.socket(family)
    sock.setblocking(False)
    sock.connect_ex(address)  # type: ignore[arg-type]
    return stack.enter_context(closing(StreamConnection(sock, initiator=True, where="a peer")))


def pair(stack: ExitStack, door: socket.socket) -> tuple[StreamConnection, StreamConnection, Talk]:
    near = connecting(stack, door.getsockname(), door.family)
    far = accepted(stack, door)
    talk = Talk(near, far)
    talk.until(lambda: near.ready and far.ready)
    return near, far, talk


def stranger(stack: ExitStack, *said: bytes) -> tuple[socket.socket, StreamConnection]:
    theirs, ours = socket.socketpair()
    stack.enter_context(theirs)
    theirs.setblocking(False)
    for data in said:
        theirs.sendall(data)
    return theirs, stack.enter_context(closing(StreamConnection(ours, initiator=False, where="a stranger")))


def pixels_of(count: int) -> bytes:
    return np.random.default_rng(count).integers(0, 256, count, np.uint8).tobytes()
