"""`pyzmq+tcp://`: scripts that publish, push, or serve a camera. Only here are pickles read, by our own reader."""

from __future__ import annotations

from collections.abc import Sequence

import zmq

from framebus.core.addresses import Link
from framebus.core.contracts import Maker
from framebus.core.frame import Frame
from framebus.sources.dialects.camera_server import CameraClient
from framebus.sources.dialects.hearing import Hearing
from framebus.wire.dialects import pyzmq
from framebus.wire.dialects.foreign import End
from framebus.wire.layout import Buffer


def open_pyzmq(address: Link, socket: str) -> Maker:
    """By the kind of `socket`: `sub`, `pull` or `req`."""
    if socket == "req":
        return CameraClient(address, _decode)
    if socket == "pull":
        return Hearing(address, zmq.PULL, _decode, [], live=False)
    return Hearing(address, zmq.SUB, _decode, pyzmq.subscriptions(address.streams), live=True)


def _decode(parts: Sequence[Buffer], default: str) -> Frame | End:
    return pyzmq.decode(parts, default=default)
