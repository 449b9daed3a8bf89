"""zenoh with pixels in its shared memory. Its Python buffers are written from and read as `bytes`: a copy each."""

from __future__ import annotations

import json

import numpy as np
import zenoh
import zenoh.shm

from benchmarks.harness.frames import Array
from benchmarks.harness.leftovers import Leftovers
from benchmarks.peers.base import Peer, Receive, Send, Wire

_SLOTS = 8


class SharedMemory(Peer):
    """Peer to peer, reliable, blocking when congested; the shape travels as the attachment."""

    listens = "sender"
    max_window = _SLOTS

    def __init__(self) -> None:
        self._kept: list[zenoh.Session] = []  # a session closes itself when nobody holds it

    def prepare(self, wire: Wire) -> Leftovers:
        return Leftovers("*.zenoh")

    def discard(self, inherited: Leftovers) -> None:
        inherited.remove()

    def sender(self, wire: Wire) -> Send:
        session = zenoh.open(_config("listen", wire))
        publisher = session.declare_publisher(wire.name, congestion_control=zenoh.CongestionControl.BLOCK)
        policy = zenoh.shm.BlockOn(zenoh.shm.GarbageCollect())
        provider = None
        self._kept.append(session)

        def send(frame: Array) -> None:
            nonlocal provider
            if provider is None:
                provider = zenoh.shm.ShmProvider.default_backend(frame.nbytes * _SLOTS)
            place = provider.alloc(frame.nbytes, policy)
            place[:] = frame.tobytes()
            publisher.put(place, attachment=np.array(frame.shape, "<u8").tobytes())

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        session = zenoh.open(_config("connect", wire))
        subscriber = session.declare_subscriber(wire.name)

        def receive() -> Array:
            sample = subscriber.recv()
            shape = np.frombuffer(sample.attachment.to_bytes(), "<u8")
            return np.frombuffer(sample.payload.to_bytes(), np.uint8).reshape(shape)

        self._kept.append(session)
        return receive


def _config(side: str, wire: Wire) -> zenoh.Config:
    config = zenoh.Config()
    settings = {
        "mode": "peer",
        "scouting/multicast/enabled": False,
        "transport/shared_memory/enabled": True,
        f"{side}/endpoints": [f"tcp/127.0.0.1:{wire.ports[0]}"],
    }
    for key, value in settings.items():
        config.insert_json5(key, json.dumps(value))
    return config
