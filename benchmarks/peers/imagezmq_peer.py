"""imagezmq, both of its patterns, through its own classes."""

from __future__ import annotations

import imagezmq

from benchmarks.harness.frames import Array
from benchmarks.peers.base import Receive, Send, Wire


class RequestReply:
    """REQ/REP: the hub binds and answers at once; several readers are several senders, one after the other."""

    listens = "receivers"
    max_window = 1
    lossy = False

    def sender(self, wire: Wire) -> Send:
        senders = [imagezmq.ImageSender(wire.address(index)) for index in range(wire.readers)]

        def send(frame: Array) -> None:
            for sender in senders:
                sender.send_image("bench", frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        hub = imagezmq.ImageHub(wire.address(index))

        def receive() -> Array:
            _, frame = hub.recv_image()
            hub.send_reply(b"OK")
            return frame

        return receive


class PubSub:
    """PUB/SUB: the sender binds, hubs connect."""

    listens = "sender"
    max_window = 64
    lossy = False

    def sender(self, wire: Wire) -> Send:
        sender = imagezmq.ImageSender(wire.address(), REQ_REP=False)
        return lambda frame: sender.send_image("bench", frame)

    def receiver(self, wire: Wire, index: int) -> Receive:
        hub = imagezmq.ImageHub(wire.address(), REQ_REP=False)
        return lambda: hub.recv_image()[1]
