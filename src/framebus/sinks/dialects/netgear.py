"""`netgear+tcp://`: to a NetGear receiver, in the three patterns it knows: 0 is our `pair`, 1 `req`, 2 `pub`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import zmq

from framebus.core.addresses import Link, Peer, network_wide
from framebus.core.contracts import Item
from framebus.core.errors import AddressError, BadFrame, OptionError
from framebus.links.complaints import Complaints
from framebus.links.old_sockets import Parts, Station, calling
from framebus.links.reminder import Reminder
from framebus.links.sockets import Socket
from framebus.sinks.dialects.request_reply import Asking
from framebus.sinks.dialects.send_queue import Letter, Outbox
from framebus.sinks.dialects.sending import Sending
from framebus.sinks.dialects.telling import Telling, complete
from framebus.wire.dialects import netgear

SOCKETS = dict(zip(("pair", "req", "pub"), netgear.PATTERNS, strict=True))
OnReply = Callable[[Item, Any], None]


def open_netgear(
    address: Link,
    *,
    live: bool,
    listen: bool | None,
    socket: str,
    patience: float,
    encode: str | None,
    on_reply: OnReply | None,
) -> Sending:
    """See `framebus.sinks.dialects.open_sink`."""
    _check(address, listen)
    _check_socket(socket)
    if socket == "pub" and (on_reply is not None or len(address.peers) > 1):
        what = "is not answered: leave out on_reply" if on_reply is not None else "has one receiver: name one"
        raise OptionError(f"socket='pub' {what}, or take 'req' (NetGear's pattern 1)")
    outbox = Outbox(str(address), live=live, patience_s=patience)
    message = partial(netgear.encode, pattern=SOCKETS[socket])
    end = netgear.encode_end()
    if socket == "pub":
        courier = Telling(outbox, lambda: calling(zmq.XPUB, address.peers, prepare=complete), lambda letter: end)
        return Sending(outbox, courier, message, spec=encode)
    asking = Asking(
        outbox,
        address.peers,
        _connecting(socket),
        _Answers(str(address), on_reply),
        farewell=end,
        is_confirmed=socket == "req",
    )
    return Sending(outbox, asking, message, spec=encode)


class _Answers:
    """Reads what receivers answer, for whoever wants to know."""

    def __init__(self, where: str, on_reply: OnReply | None) -> None:
        self._where = where
        self._on_reply = on_reply
        self._complaints = Complaints()

    def __call__(self, letter: Letter, parts: Parts) -> None:
        if self._on_reply is None:
            return
        try:
            answer = netgear.decode_answer([part.buffer for part in parts])
        except BadFrame as error:
            self._complaints.reject(self._where, error)
        else:
            self._on_reply(letter.item, answer)


def _connecting(kind: str) -> Callable[[Peer], Station]:
    reminder = Reminder()
    if kind == "pair":
        return lambda peer: calling(zmq.PAIR, [peer], reminder=reminder)
    return lambda peer: calling(zmq.REQ, [peer], reminder=reminder, prepare=_like_netgear)


def _like_netgear(socket: Socket) -> None:
    """Its requests carry a number, which the answer repeats."""
    socket.set(zmq.REQ_RELAXED, 1)
    socket.set(zmq.REQ_CORRELATE, 1)


def _check(address: Link, listen: bool | None) -> None:
    if listen:
        raise OptionError(f"listen=True is not possible for {address}: NetGear receivers listen, senders connect")
    if any(network_wide(peer.host) for peer in address.peers):
        raise AddressError(f"{address} names no receiver: NetGear receivers listen, so write netgear+tcp://RECEIVER")


def _check_socket(socket: str) -> None:
    if socket not in SOCKETS:
        allowed = ", ".join(f"{name!r} (pattern {number})" for name, number in SOCKETS.items())
        raise OptionError(f"socket={socket!r} is not possible for netgear+tcp://: give {allowed}")
