"""REQ/REP, receiving: one port for imageZMQ's senders and our own, each of which waits for its reply."""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any

from framebus.compat.imagezmq.hub_address import links
from framebus.compat.imagezmq.image_timeout import ImageTimeout
from framebus.compat.imagezmq.open_port import warn_of_strangers
from framebus.compat.imagezmq.received_picture import Picture
from framebus.core.errors import AddressError, Timeout
from framebus.core.frame import Frame
from framebus.links.link import open_link

OK = b"OK"


class Desk:
    """Listens, gives one picture after the other, and answers each. One thread at a time."""

    def __init__(self, address: str, *, allow: Sequence[str], insecure: bool) -> None:
        """Listen at `address`. Raises `AddressError`, and `Unavailable` when the port is taken."""
        found = links(address)
        if len(found) > 1:
            raise AddressError(f"{address!r}: a hub listens at one address")
        if not (allow or insecure):
            warn_of_strangers(found[0], "takes images from", "ImageHub")
        self.source: Any = open_link(found[0], listen=True, allow=allow, insecure=True, answers=True)
        self._owed: Frame | None = None

    def receive(self, timeout: float | None) -> Picture:
        """The next picture; the one before is answered, if it was not.

        Raises `ImageTimeout` after `timeout` seconds.
        """
        self.answer(OK)  # now: acknowledgements alone travel together, a little later
        try:
            frame = self.source.read(timeout)
            while not isinstance(frame, Frame):  # coded video is no picture
                self.source.answer(frame, OK)
                frame = self.source.read(timeout)
        except Timeout as error:
            raise ImageTimeout(str(error)) from error
        self._owed = frame
        return Picture.of(frame)

    def answer(self, reply: bytes) -> None:
        """Let the sender of the last picture go on; nothing happens where that was done."""
        if self._owed is not None:
            owed, self._owed = self._owed, None
            self.source.answer(owed, reply)

    def poll(self, timeout_s: float | None) -> bool:
        """True once there is a picture, waiting for it up to `timeout_s` seconds."""
        poll = select.poll()
        poll.register(self.source.fileno(), select.POLLIN)
        return bool(poll.poll(None if timeout_s is None else timeout_s * 1000))

    def close(self) -> None:
        """Answer what is owed and stop listening; idempotent."""
        try:
            self.answer(OK)
        finally:
            self.source.close()
