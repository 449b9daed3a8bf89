"""`ImageHub`: imageZMQ's hub, both patterns."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import zmq

from framebus.compat.imagezmq.desk import OK, Desk
from framebus.compat.imagezmq.feeding import Feeding
from framebus.compat.imagezmq.forgotten import close_when_forgotten
from framebus.compat.imagezmq.received_picture import JpgBuffer, Picture
from framebus.compat.imagezmq.standin import SocketStandIn
from framebus.core.closing import Closing
from framebus.core.errors import OptionError
from framebus.core.frame import Array
from framebus.core.units import duration

log = logging.getLogger("framebus")


class ImageHub(Closing):
    """Receives pictures with a text from senders, imageZMQ's and ours side by side, and from framebus publishers.

    `REQ_REP=True` listens at `open_port`; each picture is to be answered by `send_reply`, and is answered `OK` when
    the next one is asked for without that. It listens to whoever can reach the port, as imageZMQ does, and says so
    once: `allow` names the addresses and networks that may connect, `insecure` says that everybody may.

    `REQ_REP=False` connects to a sender that listens, `connect` to more of them. Every picture comes, in order, as far
    as sender and hub keep them; `newest=True` gives the newest of each text alone.

    `timeout` (seconds, or text such as `"2s"`) limits each `recv_image`; without it a hub waits for ever. One thread
    at a time receives. Raises `AddressError`, `OptionError`, and `Unavailable` when the port is taken.
    """

    def __init__(
        self,
        open_port: str = "tcp://*:5555",
        REQ_REP: bool = True,  # noqa: N803  (as it is called in imageZMQ)
        *,
        newest: bool = False,
        timeout: float | str | None = None,
        allow: Sequence[str] = (),
        insecure: bool = False,
    ) -> None:
        self.REQ_REP = REQ_REP
        self.zmq_socket: Any
        self._clock = Clock(None if timeout is None else duration(timeout))
        if REQ_REP:
            if newest:
                raise OptionError(
                    "newest is for a hub that connects to senders (REQ_REP=False): here each waits for its reply"
                )
            self._way: Desk | Feeding = Desk(open_port, allow=allow, insecure=insecure)
            self.zmq_socket = _stand_in(self._way, self._clock)
        else:
            if allow or insecure:
                raise OptionError("allow and insecure are for a hub that listens (REQ_REP=True)")
            self._way = Feeding(open_port, newest=newest)
            self.zmq_socket = self._way.socket
        close_when_forgotten(self, self._way)

    def connect(self, open_port: str) -> None:
        """Connect to one more sender that listens; only with `REQ_REP=False`."""
        if isinstance(self._way, Desk):
            log.warning("ImageHub.connect(%r) does nothing with REQ_REP=True: senders connect to this hub", open_port)
        else:
            self._way.connect(open_port)

    def recv_image(self, copy: bool = False) -> tuple[Any, Array]:
        """The next picture: its text, and an array of its shape and type, writable and the caller's own.

        A picture that was sent as JPEG is decoded, colour to BGR. `copy` changes nothing. Raises `ImageTimeout` when
        none came in time, `BadFrame` for what is no picture, and `Closed` after `close`.
        """
        picture = self._receive()
        return picture.text, picture.image()

    def recv_jpg(self, copy: bool = False) -> tuple[Any, JpgBuffer | zmq.Frame]:
        """The next picture: its text, and the bytes that were sent, a JPEG as a rule.

        Where it came over PUB/SUB they are ZeroMQ's own `Frame`, not copied, as in imageZMQ; else a `JpgBuffer`.
        A picture that was sent as an array is encoded. Else as `recv_image`.
        """
        picture = self._receive()
        return picture.text, picture.jpg()

    def send_reply(self, reply_message: bytes | str = OK) -> None:
        """Let the sender of the last picture go on; does nothing where it waits no more, or never did (PUB/SUB)."""
        if isinstance(self._way, Desk):
            self._way.answer(reply_message.encode() if isinstance(reply_message, str) else bytes(reply_message))

    def close(self) -> None:
        """Stop; a sender that still waits gets its reply. Idempotent."""
        self._way.close()

    def _receive(self) -> Picture:
        return self._way.receive(self._clock.timeout)


class Clock:
    """How long each picture is waited for, in seconds; None for ever."""

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout

    def set(self, timeout: float | None) -> None:
        """From the next picture on."""
        self.timeout = timeout


def _stand_in(desk: Desk, clock: Clock) -> SocketStandIn:
    return SocketStandIn(
        zmq.REP,
        limit=clock.set,
        close=desk.close,
        endpoint=lambda: str(desk.source.where),
        fileno=desk.source.fileno,
        poll=desk.poll,
    )
