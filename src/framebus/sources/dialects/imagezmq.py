"""`imagezmq+tcp://`: senders that publish."""

from __future__ import annotations

from collections.abc import Sequence

import zmq

from framebus.core.addresses import Link
from framebus.core.frame import Frame
from framebus.sources.dialects.hearing import Hearing
from framebus.wire.dialects import imagezmq
from framebus.wire.layout import Buffer


def open_imagezmq(address: Link) -> Hearing:
    """Subscribed to the streams that `address` chooses, at all its peers."""
    return Hearing(address, zmq.SUB, _decode, imagezmq.subscriptions(address.streams), live=True)


def _decode(parts: Sequence[Buffer], default: str) -> Frame:
    return imagezmq.decode(parts, default=default)
