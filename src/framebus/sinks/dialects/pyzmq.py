"""`pyzmq+tcp://`: to scripts that subscribe, pull, or ask a camera server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import zmq

from framebus.core.addresses import Link, listens
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.links.old_sockets import calling, listening
from framebus.links.sockets import Socket
from framebus.sinks.dialects.camera_server import Serving
from framebus.sinks.dialects.send_queue import Letter, Outbox
from framebus.sinks.dialects.sending import Sending
from framebus.sinks.dialects.telling import Listening, Telling, complete
from framebus.wire.dialects import pyzmq

SOCKETS = {"pub": zmq.XPUB, "push": zmq.PUSH, "rep": zmq.ROUTER}
MESSAGES = ("pickle", "recipe")


def open_pyzmq(
    address: Link,
    *,
    live: bool,
    listen: bool | None,
    allow: Sequence[str],
    insecure: bool,
    patience: float,
    encode: str | None,
    socket: str,
    message: str,
) -> Sending:
    """See `framebus.sinks.dialects.open_sink`."""
    _check(socket, message, encode)
    kind, listening_ = SOCKETS[socket], listens(address, "writer", listen)
    if not listening_ and (socket == "rep" or len(address.peers) > 1):
        what = "a camera server listens" if socket == "rep" else "one place is written to"
        raise OptionError(
            f"{address} with socket={socket!r}: {what}, write pyzmq+tcp://:PORT or listen=True (--listen)"
        )
    whole = kind == zmq.XPUB and not (live and listening_)
    prepare = complete if whole else _as_it_is
    farewell = _end if socket == "pub" and message == "pickle" else None
    encoder = _encoder(socket, message)
    if not listening_:
        outbox = Outbox(str(address), live=live, patience_s=patience)
        courier = Telling(outbox, lambda: calling(kind, address.peers, prepare=prepare), farewell)
        return Sending(outbox, courier, encoder)
    station = listening(kind, address, allow=allow, insecure=insecure, prepare=prepare)
    outbox = Outbox(str(address), live=live, patience_s=patience)
    if socket == "rep":
        return Sending(outbox, Serving(outbox, station), encoder, lazily=True)
    return Sending(outbox, Listening(outbox, station, farewell), encoder)


def _as_it_is(socket: Socket) -> None:
    """Where a subscriber is slow, it misses the frame; where nobody pulls, sending fails anyway."""


def _encoder(socket: str, message: str) -> Callable[[Frame], list[Any]]:
    if message == "recipe":
        return pyzmq.encode_recipe
    if socket == "pub":
        return lambda frame: pyzmq.encode(frame, topic=frame.stream)
    return pyzmq.encode


def _end(letter: Letter) -> list[Any]:
    return pyzmq.encode_end(topic=letter.item.stream)


def _check(socket: str, message: str, encode: str | None) -> None:
    if socket not in SOCKETS:
        raise OptionError(f"socket={socket!r} is not possible: give {', '.join(map(repr, SOCKETS))}")
    if message not in MESSAGES:
        raise OptionError(f"message={message!r} is not possible: give {' or '.join(map(repr, MESSAGES))}")
    if encode not in (None, "raw"):
        raise OptionError(
            f"encode={encode!r} is not possible for pyzmq+tcp://: its messages carry arrays, leave it out"
        )
