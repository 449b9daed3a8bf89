"""`send_pyobj`, as in countless tutorials: the array is pickled, once for all readers."""

from __future__ import annotations

import zmq

from benchmarks.peers.base import Peer, Receive, Send, Wire


class PyObj(Peer):
    """PUB/SUB with pickles."""

    listens = "sender"

    def sender(self, wire: Wire) -> Send:
        socket = zmq.Context().socket(zmq.PUB)
        socket.bind(wire.address())
        return socket.send_pyobj

    def receiver(self, wire: Wire, index: int) -> Receive:
        socket = zmq.Context().socket(zmq.SUB)
        socket.subscribe(b"")
        socket.connect(wire.address())
        return socket.recv_pyobj
