"""Bare pyzmq: two parts, JSON and pixels, nothing copied on our side."""

from __future__ import annotations

import json

import numpy as np
import zmq

from benchmarks.harness.frames import Array
from benchmarks.peers.base import Peer, Receive, Send, Wire


def send_array(socket: zmq.Socket[bytes], frame: Array) -> None:
    """The array recipe of pyzmq's documentation, without copies."""
    socket.send_json({"dtype": str(frame.dtype), "shape": frame.shape}, zmq.SNDMORE)
    socket.send(frame, copy=False)


def receive_array(socket: zmq.Socket[bytes]) -> Array:
    """The other half: a view on the message."""
    header, pixels = socket.recv_multipart(copy=False)
    told = json.loads(header.bytes)
    return np.frombuffer(pixels.buffer, told["dtype"]).reshape(told["shape"])


class PushPull(Peer):
    """PUSH binds; one socket per reader, since PUSH deals frames out."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        context = zmq.Context()
        sockets = [context.socket(zmq.PUSH) for _ in wire.ports]
        for index, socket in enumerate(sockets):
            socket.bind(wire.address(index))

        def send(frame: Array) -> None:
            for socket in sockets:
                send_array(socket, frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        socket = zmq.Context().socket(zmq.PULL)
        socket.connect(wire.address(index))
        return lambda: receive_array(socket)


class PubSub(Peer):
    """PUB binds, everybody subscribes to everything."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        socket = zmq.Context().socket(zmq.PUB)
        socket.bind(wire.address())
        return lambda frame: send_array(socket, frame)

    def receiver(self, wire: Wire, index: int) -> Receive:
        socket = zmq.Context().socket(zmq.SUB)
        socket.subscribe(b"")
        socket.connect(wire.address())
        return lambda: receive_array(socket)
