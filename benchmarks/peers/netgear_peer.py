"""vidgear's NetGear: its three patterns with raw frames (its default, JPEG, changes the pixels)."""

from __future__ import annotations

import logging

from vidgear.gears.netgear import NetGear

from benchmarks.harness.frames import Array
from benchmarks.peers.base import Peer, Receive, Send, Wire

logging.getLogger("NetGear").setLevel(logging.CRITICAL)
logging.getLogger("Helper").setLevel(logging.CRITICAL)


class Pair(Peer):
    """Pattern 0, PAIR: every frame is confirmed; several readers are several senders, one after the other."""

    listens = "receivers"
    max_window = 1
    pattern = 0

    def sender(self, wire: Wire) -> Send:
        gears = [self._gear(port, receive_mode=False) for port in wire.ports]

        def send(frame: Array) -> None:
            for gear in gears:
                gear.send(frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        return self._gear(wire.ports[index], receive_mode=True).recv

    def _gear(self, port: int | list[int], receive_mode: bool, **options: bool) -> NetGear:
        ports = [str(one) for one in port] if isinstance(port, list) else str(port)
        options["jpeg_compression"] = False
        return NetGear("127.0.0.1", ports, "tcp", self.pattern, receive_mode, **options)


class RequestReply(Pair):
    """Pattern 1, REQ/REP."""

    pattern = 1


class PubSub(Pair):
    """Pattern 2, PUB/SUB in multi-client mode; its high-water mark of one loses frames when more are in flight."""

    pattern = 2
    lossy = True

    def sender(self, wire: Wire) -> Send:
        return self._gear(list(wire.ports), receive_mode=False, multiclient_mode=True).send

    def receiver(self, wire: Wire, index: int) -> Receive:
        return self._gear(wire.ports[index], receive_mode=True, multiclient_mode=True).recv
