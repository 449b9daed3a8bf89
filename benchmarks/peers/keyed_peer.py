"""framebus and bare pyzmq with CURVE keys: everything on the wire is encrypted."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import zmq

from benchmarks.peers.base import Peer, Receive, Send, Wire
from benchmarks.peers.pyzmq_peer import receive_array, send_array


class KeyedFramebus(Peer):
    """A publisher that listens to the network and lets in whom it invited; a reader that joined."""

    listens = "sender"

    def __init__(self) -> None:
        import framebus.links.keys  # fails here when the package is not there

        self._keys = framebus.links.keys
        self._kept = tempfile.TemporaryDirectory(prefix="bench-keys-")
        self._folder = Path(self._kept.name)

    def sender(self, wire: Wire) -> Send:
        import framebus as fb

        self._invite(wire)
        os.environ["FRAMEBUS_KEYS"] = str(self._folder / "publisher")
        return fb.publish(f"tcp://:{wire.ports[0]}", wait_for=wire.readers).send

    def receiver(self, wire: Wire, index: int) -> Receive:
        import framebus as fb

        os.environ["FRAMEBUS_KEYS"] = str(self._folder / "reader")
        source = fb.open(wire.address(), keep="all")
        return lambda: source.read().image

    def _invite(self, wire: Wire) -> None:
        publisher = self._keys.KeyStore(self._folder / "publisher")
        code = publisher.invite(f"reader-{os.getpid()}", wire.address())
        self._keys.KeyStore(self._folder / "reader").join(code)


class KeyedPushPull(Peer):
    """PUSH/PULL with CURVE and no authenticator: what libzmq and its crypto library allow."""

    listens = "sender"

    def __init__(self) -> None:
        self._server, self._client = zmq.curve_keypair(), zmq.curve_keypair()

    def sender(self, wire: Wire) -> Send:
        socket = zmq.Context().socket(zmq.PUSH)
        socket.curve_publickey, socket.curve_secretkey = self._server
        socket.curve_server = True
        socket.bind(wire.address())
        return lambda frame: send_array(socket, frame)

    def receiver(self, wire: Wire, index: int) -> Receive:
        socket = zmq.Context().socket(zmq.PULL)
        socket.curve_publickey, socket.curve_secretkey = self._client
        socket.curve_serverkey = self._server[0]
        socket.connect(wire.address())
        return lambda: receive_array(socket)
