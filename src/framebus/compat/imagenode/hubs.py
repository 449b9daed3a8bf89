"""The hubs of a node, in order: the first that answers gets the message."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from framebus.compat.imagenode.node_messages import Message
from framebus.core.addresses import Link, parse
from framebus.core.errors import Error

RETURN_AFTER_S = 60.0
"""How often a node that sends to a later hub looks whether an earlier one is back."""
LOOK_S = 1.0
"""How long it looks."""

log = logging.getLogger("framebus")


class Sender(Protocol):
    """One connection to one hub, as `framebus.imagezmq.ImageSender` is.

    Both methods wait for the hub's answer and raise an `Error` where none comes in time.
    """

    def send_image(self, msg: str, image: Any) -> Any:
        """Send pixels."""
        ...

    def send_jpg(self, msg: str, jpg_buffer: bytes) -> Any:
        """Send a JPEG."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


Connect = Callable[[str, float], Sender]
"""An address and the seconds to wait for an answer, to a connection."""


class Hubs:
    """Sends messages one after the other, each to the first hub that answers. For one thread.

    The hub that answered last is asked first. Where it does not answer, the others are tried in the order of the list,
    each for as long as the patience. While a later hub is in use, those before it are looked up every minute.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        connect: Callable[[str], Sender],
        *,
        raw: bool = False,
        takes_connections: Callable[[str], bool] | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = list(addresses)
        self._connect = connect
        self._raw = raw
        self._takes_connections = takes_connections or listening
        self._monotonic_s = monotonic_s
        self._current = self._addresses[0]
        self._looked_s = monotonic_s()
        self._sender: Sender | None = None
        self._silent: set[str] = set()

    @property
    def current(self) -> str:
        """The hub that is asked first."""
        return self._current

    def send(self, message: Message) -> bool:
        """Whether any hub took it; raises `BadFrame` for a picture that cannot be sent as asked."""
        payload = message.image if self._raw else message.jpeg()
        self._look_back()
        others = [address for address in self._addresses if address != self._current]
        return any(self._send_to(address, message.text, payload) for address in (self._current, *others))

    def close(self) -> None:
        """Let go of the connection; idempotent."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    def _send_to(self, address: str, text: str, payload: Any) -> bool:
        try:
            sender = self._sender_to(address)
            (sender.send_image if self._raw else sender.send_jpg)(text, payload)
        except Error as error:
            self.close()
            self._missing(address, error)
            return False
        self._answered(address)
        return True

    def _sender_to(self, address: str) -> Sender:
        if address != self._current:
            self.close()
            self._current, self._looked_s = address, self._monotonic_s()
        if self._sender is None:
            self._sender = self._connect(address)
        return self._sender

    def _look_back(self) -> None:
        """Turn to an earlier hub that takes connections again, at most once a minute."""
        earlier = self._addresses[: self._addresses.index(self._current)]
        if not earlier or self._monotonic_s() - self._looked_s < RETURN_AFTER_S:
            return
        self._looked_s = self._monotonic_s()
        back = next(filter(self._takes_connections, earlier), None)
        if back is not None:
            self._sender_to(back)

    def _missing(self, address: str, error: Error) -> None:
        if address not in self._silent:
            self._silent.add(address)
            log.warning("hub %s does not answer: %s", address, str(error))

    def _answered(self, address: str) -> None:
        if self._silent:
            log.warning("hub %s answers", address)
        self._silent.clear()


def listening(address: str) -> bool:
    """Whether somebody takes connections at a `tcp://` address now."""
    link = parse(address)
    if not isinstance(link, Link) or not link.peers:
        return False
    try:
        socket.create_connection((link.peers[0].host, link.peers[0].port), LOOK_S).close()
    except OSError:
        return False
    return True
