"""What a machine needs at least: a wake-up through a unix SEQPACKET socket, and a copy of the pixels before it."""

from __future__ import annotations

import socket

import numpy as np

from benchmarks.harness.frames import Array
from benchmarks.peers.base import Peer, Receive, Send, Wire

_LONGEST = 64


class WakeUp(Peer):
    """No pixels: each frame is the sixteen bytes of its number, once for either end."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(_place(wire))
        listener.listen(wire.readers)
        connections: list[socket.socket] = []

        def send(frame: Array) -> None:
            while len(connections) < wire.readers:
                connections.append(listener.accept()[0])
            number = frame.reshape(-1)[:8].tobytes() * 2
            for connection in connections:
                connection.send(number)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(_place(wire))
        return lambda: np.frombuffer(connection.recv(_LONGEST), np.uint8)


class Memcpy(WakeUp):
    """The pixels are copied into memory that is there already, then the reader is woken; it does not get them."""

    def sender(self, wire: Wire) -> Send:
        wake_up = super().sender(wire)
        buffer = np.empty(0, np.uint8)

        def send(frame: Array) -> None:
            nonlocal buffer
            if buffer.shape != frame.shape:
                buffer = np.zeros_like(frame)
            np.copyto(buffer, frame)
            wake_up(frame)

        return send


def _place(wire: Wire) -> str:
    return f"\0{wire.name}"
