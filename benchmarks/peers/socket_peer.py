"""Plain TCP sockets: eight bytes of length, then the pixels. What the kernel allows."""

from __future__ import annotations

import socket
import struct

import numpy as np

from benchmarks.harness.frames import Array
from benchmarks.peers.base import Peer, Receive, Send, Wire

_LENGTH = struct.Struct("<4q")


class Fresh(Peer):
    """Every frame in an array of its own, as anything must that hands frames out to keep."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        listener = socket.create_server(("127.0.0.1", wire.ports[0]), backlog=wire.readers)
        connections: list[socket.socket] = []

        def send(frame: Array) -> None:
            while len(connections) < wire.readers:
                connections.append(_prompt(listener.accept()[0]))
            header = _LENGTH.pack(frame.nbytes, *frame.shape)
            for connection in connections:
                connection.sendall(header)
                connection.sendall(frame.data)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        connection = _prompt(socket.create_connection(("127.0.0.1", wire.ports[0])))
        header = bytearray(_LENGTH.size)

        def receive() -> Array:
            _fill(connection, memoryview(header))
            _, *shape = _LENGTH.unpack(header)
            frame = self._place(tuple(shape))
            _fill(connection, memoryview(frame).cast("B"))
            return frame

        return receive

    def _place(self, shape: tuple[int, ...]) -> Array:
        return np.empty(shape, np.uint8)


class Reused(Fresh):
    """One array for all frames: each overwrites the last, which no library can do that lets a frame be kept."""

    def __init__(self) -> None:
        self._array = np.empty(0, np.uint8)

    def _place(self, shape: tuple[int, ...]) -> Array:
        if self._array.shape != shape:
            self._array = np.empty(shape, np.uint8)
        return self._array


def _prompt(connection: socket.socket) -> socket.socket:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _fill(connection: socket.socket, place: memoryview) -> None:
    while place:
        got = connection.recv_into(place)
        if not got:
            raise EOFError("the sender is gone")
        place = place[got:]
