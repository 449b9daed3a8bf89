"""`ImageSender`: imageZMQ's sender, both patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import zmq

from framebus.compat.imagezmq.casting import Casting
from framebus.compat.imagezmq.forgotten import close_when_forgotten
from framebus.compat.imagezmq.letter import Jpg, Letter, image_letter, jpg_letter
from framebus.compat.imagezmq.request_reply import Asking
from framebus.compat.imagezmq.standin import SocketStandIn
from framebus.core.closing import Closing
from framebus.core.errors import OptionError
from framebus.core.frame import Array
from framebus.core.units import duration


class ImageSender(Closing):
    """Sends pictures with a text to a hub, imageZMQ's or ours.

    `REQ_REP=True` connects to a hub and waits for its reply to each picture; `connect_to` may be several addresses,
    a list or one text with commas: the first that answers is used until it goes. The sender may be there before the
    hub and outlives it: a picture whose reply did not come because its hub died is sent to the next one.
    `timeout` (seconds, or text such as `"2s"`) limits each send; without it a send waits for ever.

    `REQ_REP=False` listens at `connect_to` (`"tcp://*:5555"`): hubs connect, and who is slow misses pictures.
    `allow` names the addresses and networks that may connect, `insecure` says that everybody may.

    Safe from several threads; they send one picture at a time. Raises `AddressError`, `OptionError`, and `Unavailable`
    when it cannot listen.
    """

    def __init__(
        self,
        connect_to: str | Sequence[str] = "tcp://127.0.0.1:5555",
        REQ_REP: bool = True,  # noqa: N803  (as it is called in imageZMQ)
        *,
        timeout: float | str | None = None,
        allow: Sequence[str] = (),
        insecure: bool = False,
    ) -> None:
        self.REQ_REP = REQ_REP
        self.zmq_socket: Any
        if REQ_REP:
            if allow or insecure:
                raise OptionError("allow and insecure are for a sender that listens (REQ_REP=False)")
            asking = Asking(connect_to, None if timeout is None else duration(timeout))
            self._way: Asking | Casting = asking
            self.zmq_socket = SocketStandIn(
                zmq.REQ, limit=asking.limit, close=asking.close, endpoint=lambda: asking.where
            )
        else:
            if timeout is not None:
                raise OptionError(
                    "timeout is for a sender that waits for replies (REQ_REP=True): a PUB sender never waits"
                )
            self._way = Casting(connect_to, allow, insecure=insecure)
            self.zmq_socket = self._way.socket
        close_when_forgotten(self, self._way)

    def send_image(self, msg: Any, image: Array) -> bytes | None:
        """Send an array, `(height, width[, channels])` or any other of numbers, with `msg`, which JSON must have.

        Returns the hub's reply, or None where there is none (PUB/SUB). Raises `ImageTimeout` when no reply came in
        time, `BadFrame` for what is no array of numbers, `TypeError` for a `msg` that JSON does not have, and `Closed`
        after `close`.
        """
        return self._way.send(image_letter(msg, image))

    def send_jpg(self, msg: Any, jpg_buffer: Jpg) -> bytes | None:
        """Send bytes, as a rule a JPEG, which nobody looks at on the way; else as `send_image`."""
        return self._way.send(jpg_letter(msg, jpg_buffer))

    def send_image_reqrep(self, msg: Any, image: Array) -> bytes:
        """`send_image` where replies are waited for."""
        return self._ask(image_letter(msg, image))

    def send_image_pubsub(self, msg: Any, image: Array) -> None:
        """`send_image` where they are not."""
        self._cast(image_letter(msg, image))

    def send_jpg_reqrep(self, msg: Any, jpg_buffer: Jpg) -> bytes:
        """`send_jpg` where replies are waited for."""
        return self._ask(jpg_letter(msg, jpg_buffer))

    def send_jpg_pubsub(self, msg: Any, jpg_buffer: Jpg) -> None:
        """`send_jpg` where they are not."""
        self._cast(jpg_letter(msg, jpg_buffer))

    def close(self) -> None:
        """Let the hub go, or stop listening; idempotent."""
        self._way.close()

    def _ask(self, letter: Letter) -> bytes:
        if isinstance(self._way, Casting):
            raise OptionError("this ImageSender was made with REQ_REP=False: send_image_pubsub sends")
        return self._way.send(letter)

    def _cast(self, letter: Letter) -> None:
        if isinstance(self._way, Asking):
            raise OptionError("this ImageSender was made with REQ_REP=True: send_image_reqrep sends")
        self._way.send(letter)
