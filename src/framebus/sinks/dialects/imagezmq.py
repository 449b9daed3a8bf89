"""`imagezmq+tcp://`: to a hub that answers each picture, or to hubs that subscribe to us."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import zmq

from framebus.core.addresses import Link, Peer, listens
from framebus.core.contracts import Item
from framebus.links.old_sockets import Parts, Station, calling, listening
from framebus.links.reminder import Reminder
from framebus.sinks.dialects.request_reply import Asking
from framebus.sinks.dialects.send_queue import Letter, Outbox
from framebus.sinks.dialects.sending import Sending
from framebus.sinks.dialects.telling import Listening, complete
from framebus.wire.dialects import imagezmq

QUEUE = 1
OnReply = Callable[[Item, Any], None]


def open_imagezmq(
    address: Link,
    *,
    live: bool,
    listen: bool | None,
    allow: Sequence[str],
    insecure: bool,
    patience: float,
    encode: str | None,
    on_reply: OnReply | None,
) -> Sending:
    """See `framebus.sinks.dialects.open_sink`."""
    if listens(address, "writer", listen):
        prepare = (lambda socket: None) if live else complete
        station = listening(zmq.XPUB, address, allow=allow, insecure=insecure, queue=QUEUE, prepare=prepare)
        outbox = Outbox(str(address), live=live, patience_s=patience)
        return Sending(outbox, Listening(outbox, station), _message, spec=encode)
    outbox = Outbox(str(address), live=live, patience_s=patience)
    reminder = Reminder()

    def connect(peer: Peer) -> Station:
        return calling(zmq.REQ, [peer], queue=QUEUE, reminder=reminder)

    def answered(letter: Letter, parts: Parts) -> None:
        if on_reply is not None:
            on_reply(letter.item, parts[0].bytes)

    return Sending(outbox, Asking(outbox, address.peers, connect, answered), _message, spec=encode)


def _message(frame: Any) -> list[Any]:
    return imagezmq.encode(frame, stamped=True)
