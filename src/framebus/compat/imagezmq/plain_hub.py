"""Speaking imageZMQ to a hub: one message of two parts, then wait for the reply."""

from __future__ import annotations

import select

from framebus.compat.imagezmq.letter import Letter
from framebus.compat.imagezmq.limit import Limit
from framebus.core.errors import Closed
from framebus.core.frame import Identity
from framebus.links.connection import Connection, Gone, Parcel
from framebus.links.zmtp import MORE, before_payload, frame_start
from framebus.wire import control, header

_EMPTY_PART = frame_start(MORE, 0)


class Lost(Exception):  # noqa: N818  (an event, dealt with by asking another hub; never leaves this package)
    """The hub went before it replied."""


class PlainHub:
    """A REP socket, a ROUTER that serves REQ sockets, or framebus at the other end of `connection`, which it owns.

    We are a DEALER that writes as a REQ does, so that a hub that died leaves nothing behind that is out of step.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._delimits = connection.peer_type == "ROUTER"
        """We begin messages with an empty part ourselves: the connection does so for a REP alone."""
        self._poll = select.poll()

    def ask(self, letter: Letter, postmark: Identity, limit: Limit) -> bytes:
        """The reply. Raises `Lost` when the hub goes, and what `limit` raises: then this is of no more use."""
        try:
            self._connection.send(self._parcel(letter, postmark))
            while not (messages := self._receive(limit)):
                pass
        except Gone as gone:
            raise Lost(str(gone)) from gone
        return _reply(b"".join(messages[0]), self._connection.where)  # one part, behind an empty one from a ROUTER

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _parcel(self, letter: Letter, postmark: Identity) -> Parcel:
        parcel = Parcel(letter.header(postmark), letter.payload)
        if self._delimits:
            parcel.framed = _EMPTY_PART + before_payload(parcel.head, len(parcel.payload))
        return parcel

    def _receive(self, limit: Limit) -> list[list[memoryview]]:
        left = limit.left(self._waiting_text)
        if sleep_on(self._connection, self._poll, left):
            return self._connection.receive()
        return []

    def _waiting_text(self) -> str:
        if self._connection.pending:
            return f"{self._connection.where}: the hub does not take the image"
        return f"{self._connection.where}: the hub has the image and has not replied"


def _reply(data: bytes, where: str) -> bytes:
    """What a hub replied; raises `Closed` where it is framebus that refuses the picture, or publishes itself."""
    if data[:1] == b"{" and header.is_native(data):
        message = control.decode(data)
        if isinstance(message, control.Refuse):
            raise Closed(f"{where} refused the image: {message.message}")
    return data


def sleep_on(connection: Connection, poll: select.poll, seconds: float) -> bool:
    """Write what is pending; True once there is something to receive. Raises `Gone`."""
    poll.register(connection.fileno(), select.POLLIN | (select.POLLOUT if connection.pending else 0))
    events = sum(found for _, found in poll.poll(seconds * 1000))
    if connection.pending and events & ~select.POLLIN:
        connection.flush()
    return bool(events & ~select.POLLOUT)
