"""What one port hears from senders that are not framebus, and what each of them expects as an answer.

imageZMQ, pyzmq's array recipe   [head, bytes]       b"OK"
NetGear                          [head, bytes]       JSON, which a bidirectional sender reads and others ignore
its end                          [head]              the same
framebus without a session       [head, bytes]       b"OK": anything that can send two parts is welcome
pickles                          [pickle]            b"OK"; only where the address asks for `pyzmq` by name
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.wire import header
from framebus.wire.dialects import imagezmq, netgear, pyzmq
from framebus.wire.dialects.foreign import End
from framebus.wire.dialects.recognition import Kind, recognise
from framebus.wire.layout import Buffer

_NETGEAR_ANSWER = bytes(netgear.data_answer(None)[0])


class Sent(NamedTuple):
    """What a sender sent, and the one part that answers it."""

    content: Item | End
    answer: bytes


def read(parts: Sequence[Buffer], default: str, dialect: str = "", *, loose: bool = False) -> Sent:
    """What `parts` are: of any of these systems, or of `dialect` alone. Raises `BadFrame` for anything else.

    Streams are named by the sender's text, or `default` where it sends none. `loose`: imageZMQ's pictures and texts may
    be anything.
    """
    kind = recognise(parts)
    if dialect == "pyzmq":
        return Sent(pyzmq.decode(parts, default=default), imagezmq.OK)
    if dialect and kind != dialect:
        raise BadFrame(f"not a message of {dialect}, which is all this address takes")
    if kind is Kind.IMAGEZMQ:
        return Sent(imagezmq.decode(parts, default=default, loose=loose), imagezmq.OK)
    if kind is Kind.NETGEAR:
        return Sent(netgear.decode(parts, default=default), _NETGEAR_ANSWER)
    if kind is Kind.DATA and len(parts) == 2:
        return Sent(header.decode(parts[0], parts[1])[0], imagezmq.OK)
    raise BadFrame("neither framebus nor a system that this port knows: imageZMQ, NetGear, pyzmq's array recipe")
