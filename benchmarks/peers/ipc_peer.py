"""A peer that speaks ZeroMQ, over unix sockets instead of TCP; everything else is the same."""

from __future__ import annotations

import tempfile
from dataclasses import replace

from benchmarks.peers.base import Peer, Receive, Send, Wire


class OverIpc(Peer):
    """Another peer, at `ipc://` addresses in a folder of its own."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._kept = tempfile.TemporaryDirectory(prefix="bench-ipc-")
        self.listens, self.max_window, self.lossy = peer.listens, peer.max_window, peer.lossy

    def sender(self, wire: Wire) -> Send:
        return self._peer.sender(self._here(wire))

    def receiver(self, wire: Wire, index: int) -> Receive:
        return self._peer.receiver(self._here(wire), index)

    def _here(self, wire: Wire) -> Wire:
        return replace(wire, folder=self._kept.name)
