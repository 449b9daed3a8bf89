"""imagezmq, both of its patterns, through its own classes, or those of a module that offers the same ones."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import imagezmq

from benchmarks.harness.frames import Array
from benchmarks.harness.jpegs import ends_of
from benchmarks.peers.base import Peer, Receive, Send, Wire


class Content(NamedTuple):
    """What is sent: by which methods, and how to find the number in what the hub gets."""

    send: str
    receive: str
    numbered: Callable[[Any], Array]


IMAGES = Content("send_image", "recv_image", lambda image: image)
JPEGS = Content("send_jpg", "recv_jpg", ends_of)


class _Both(Peer):
    """A module for either end, and what they send each other."""

    def __init__(self, sends: ModuleType = imagezmq, reads: ModuleType = imagezmq, content: Content = IMAGES) -> None:
        self._sends, self._reads, self._content = sends, reads, content


class RequestReply(_Both):
    """REQ/REP: the hub binds and answers at once; several readers are several senders, one after the other."""

    listens = "receivers"
    max_window = 1

    def sender(self, wire: Wire) -> Send:
        senders = [self._sends.ImageSender(wire.address(index)) for index in range(wire.readers)]
        sends = [getattr(sender, self._content.send) for sender in senders]

        def send(frame: Array) -> None:
            for send_one in sends:
                send_one("bench", frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        hub = self._reads.ImageHub(wire.address(index))
        receive_one, numbered = getattr(hub, self._content.receive), self._content.numbered

        def receive() -> Array:
            _, got = receive_one()
            hub.send_reply(b"OK")
            return numbered(got)

        return receive


class PubSub(_Both):
    """PUB/SUB: the sender binds, hubs connect."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        sender = self._sends.ImageSender(wire.address(), REQ_REP=False)
        send_one = getattr(sender, self._content.send)
        return lambda frame: send_one("bench", frame)

    def receiver(self, wire: Wire, index: int) -> Receive:
        hub = self._reads.ImageHub(wire.address(), REQ_REP=False)
        receive_one, numbered = getattr(hub, self._content.receive), self._content.numbered
        return lambda: numbered(receive_one()[1])
