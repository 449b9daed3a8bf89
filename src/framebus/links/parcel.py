"""A frame on its way out: made into message parts once, however many readers it goes to."""

from __future__ import annotations

import zmq

from framebus.session.outgoing import Delivery
from framebus.wire import header

COPY_BELOW = 65536
"""Payloads smaller than this are copied into the message, which is cheaper than keeping track of them."""

Parts = list[bytes | zmq.Frame]


def parcel(delivery: Delivery) -> Parts:
    """Header and payload of `delivery`; the payload is the frame's own memory, referred to by all messages."""
    entry = delivery.entry
    if entry.parts is None:
        head, payload = header.encode(entry.item)
        entry.parts = [bytes(head), _payload(memoryview(payload))]
    parts: Parts = entry.parts
    if delivery.thinned:
        return [bytes(header.encode(entry.item, delivery.thinned)[0]), parts[1]]
    return parts


def _payload(view: memoryview) -> bytes | zmq.Frame:
    return bytes(view) if view.nbytes < COPY_BELOW else zmq.Frame(view, copy=False, track=False)
