"""One address at which a hub may be, and what kind of hub is there now."""

from __future__ import annotations

import errno
import os
import re
import select
import socket as system
import time
from collections.abc import Sequence
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, socket

import msgspec

from framebus.compat.imagezmq.keyed import KeyedHub
from framebus.compat.imagezmq.limit import Limit
from framebus.compat.imagezmq.plain_hub import PlainHub, sleep_on
from framebus.core.addresses import Link, parse
from framebus.core.errors import AddressError, Unavailable
from framebus.links import making, shared
from framebus.links.connection import Connection, Gone
from framebus.links.dialling import Dial, FileDial, TcpDial, reach
from framebus.links.keys import lookup_peer
from framebus.links.stream import StreamConnection

HANDSHAKE_S = 3.0
"""Whoever accepts a connection and then says nothing for so long is tried again, or the next address is."""
VANISHED_S = 5
"""A machine that does not acknowledge what it is sent for so long is gone: a pulled cable, a power cut."""

NOBODY = "nobody listens there"
_REFUSED = os.strerror(errno.ECONNREFUSED).lower()

Hub = PlainHub | KeyedHub


def links(text: str | Sequence[str]) -> list[Link]:
    """Every address in `text`, a list or one text with commas between them. Raises `AddressError`."""
    texts = re.split(r",\s*(?=[a-z+]+://)", text) if isinstance(text, str) else list(text)
    found: list[Link] = []
    for one in texts:
        address = parse(one)
        if not isinstance(address, Link) or address.scheme not in ("tcp", "ipc") or address.dialect not in _DIALECTS:
            raise AddressError(f"{one!r}: an address of imageZMQ is tcp://HOST:PORT or ipc://PATH")
        found += [msgspec.structs.replace(address, peers=(peer,)) for peer in address.peers] or [address]
    if not found:
        raise AddressError("no address: give one such as tcp://127.0.0.1:5555")
    return found


class Place:
    """Connects to a hub at `address` whenever asked to."""

    def __init__(self, address: Link) -> None:
        self.address = msgspec.structs.replace(address, streams="")
        self.why = NOBODY
        """What kept us from a hub the last time, for people."""
        self.pause_s = 0.0
        """In how many seconds to try again."""
        self._dial = _dial(self.address)

    def find(self, limit: Limit) -> Hub | None:
        """Whoever is there now; None when nobody is. Raises what `limit` raises."""
        if self._keyed:
            return KeyedHub(str(self.address), making.connecting(self.address), HANDSHAKE_S)
        connection, self.pause_s, text = self._dial.attempt(time.monotonic())
        if not isinstance(connection, StreamConnection):
            self.why = text or NOBODY
            return None
        try:
            self._shake_hands(connection, limit)
        except Gone as gone:
            self._failed(connection, "" if str(gone) == _REFUSED else str(gone))
            return None
        except BaseException:
            connection.close()
            raise
        return self._met(connection)

    def _nearer(self) -> Connection | None:
        """The same hub through shared memory, where it is a process of this machine and user."""
        path = shared.hub_at(self.address)
        return reach(path) if path else None

    def lost(self) -> None:
        """The hub that was found here is gone."""
        self.pause_s = self._dial.pause(True, "")

    @property
    def _keyed(self) -> bool:
        peers = self.address.peers
        return bool(peers and not self.address.dialect and lookup_peer(peers[0].host, peers[0].port) is not None)

    def _shake_hands(self, connection: StreamConnection, limit: Limit) -> None:
        poll, until = select.poll(), time.monotonic() + HANDSHAKE_S
        while not connection.ready:
            if time.monotonic() >= until:
                raise Gone("somebody accepts connections there and says nothing")
            if sleep_on(connection, poll, min(limit.left(self._text), HANDSHAKE_S / 10)):
                connection.receive()

    def _text(self) -> str:
        return f"{self.address}: waiting for a hub; {self.why}"

    def _failed(self, connection: StreamConnection, why: str) -> None:
        wants_keys = connection.wants_keys
        connection.close()
        if wants_keys:
            raise Unavailable(
                f"{self.address} lets nobody in without a key: "
                "`framebus keys invite NAME` there, then `framebus keys join` here"
            )
        self.why = why or NOBODY
        self.pause_s = self._dial.pause(False, "")

    def _met(self, connection: StreamConnection) -> Hub:
        connection.admit()
        if connection.peer_is_framebus and not self.address.dialect and (nearer := self._nearer()) is not None:
            connection.close()
            return PlainHub(nearer)
        if self.address.scheme == "tcp":
            _notice_absence(connection.fileno())
        return PlainHub(connection)


_DIALECTS = ("", "imagezmq")


def _dial(address: Link) -> Dial:
    if address.scheme == "ipc":
        return FileDial(str(address), address.path)
    peer = address.peers[0]
    if not peer.host:
        raise AddressError(f"cannot connect to {address}: it names no machine")
    return TcpDial(str(address), peer.host, peer.port)


def _notice_absence(descriptor: int) -> None:
    """Ask a silent machine every second or so whether it is still there; a busy hub's system answers for it."""
    with socket(fileno=os.dup(descriptor)) as same:
        same.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", VANISHED_S - 2)):
            if (option := getattr(system, name, None)) is not None:
                same.setsockopt(IPPROTO_TCP, option, value)
        if (option := getattr(system, "TCP_USER_TIMEOUT", None)) is not None:
            same.setsockopt(IPPROTO_TCP, option, VANISHED_S * 1000)
