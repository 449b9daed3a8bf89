"""The peers that speak ZeroMQ over unix sockets instead of TCP; everything else is the same."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Literal

from benchmarks.peers.base import Peer, Receive, Send, Wire


class OverIpc:
    """Another peer, at `ipc://` addresses in a folder of its own."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._kept = tempfile.TemporaryDirectory(prefix="bench-ipc-")
        self.listens: Literal["sender", "receivers", "either"] = peer.listens
        self.max_window, self.lossy = peer.max_window, peer.lossy

    def sender(self, wire: Wire) -> Send:
        return self._peer.sender(self._here(wire))

    def receiver(self, wire: Wire, index: int) -> Receive:
        return self._peer.receiver(self._here(wire), index)

    def _here(self, wire: Wire) -> Wire:
        return replace(wire, folder=self._kept.name)


def pyzmq_push() -> Peer:
    """Bare pyzmq, PUSH/PULL."""
    from benchmarks.peers.pyzmq_peer import PushPull

    return OverIpc(PushPull())


def pyzmq_pub() -> Peer:
    """Bare pyzmq, PUB/SUB."""
    from benchmarks.peers.pyzmq_peer import PubSub

    return OverIpc(PubSub())


def imagezmq_reqrep() -> Peer:
    """imagezmq, REQ/REP."""
    from benchmarks.peers.imagezmq_peer import RequestReply

    return OverIpc(RequestReply())


def imagezmq_pubsub() -> Peer:
    """imagezmq, PUB/SUB."""
    from benchmarks.peers.imagezmq_peer import PubSub

    return OverIpc(PubSub())


def pyobj() -> Peer:
    """`send_pyobj`."""
    from benchmarks.peers.pyobj_peer import PyObj

    return OverIpc(PyObj())
