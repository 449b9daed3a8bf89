"""PUB/SUB, sending: hubs of both kinds connect and take what they can; nobody is waited for."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

import zmq

from framebus.compat.imagezmq.hub_address import links
from framebus.compat.imagezmq.letter import Letter, Postmarks
from framebus.compat.imagezmq.open_port import warn_of_strangers
from framebus.core.addresses import Link
from framebus.core.errors import AddressError, Closed
from framebus.links import sockets
from framebus.links.admission import require_admission
from framebus.links.doorman import on_duty
from framebus.links.keys import KeyStore
from framebus.links.leaving import tidy_at_exit

KEPT_BYTES = 64_000_000
"""What is kept for one hub that is behind, about; a frame more is dropped for that hub."""
KEPT_FRAMES = 1000
"""And so many at most, as with imageZMQ."""
FEWEST_FRAMES = 2
LINGER_MS = 300
ABSENT_S = 2
"""A machine that was silent for so long is asked whether it is still there."""


def kept_frames(nbytes: int) -> int:
    """How many frames of that size are kept for a hub that is behind."""
    return max(FEWEST_FRAMES, min(KEPT_FRAMES, KEPT_BYTES // max(1, nbytes)))


class Casting:
    """A PUB socket that listens. Safe from several threads."""

    def __init__(self, address: str | Sequence[str], allow: Sequence[str] = (), *, insecure: bool = False) -> None:
        """Listen at `address`, to everybody or to those in `allow`.

        Raises `AddressError`, and `Unavailable` when the port is taken.
        """
        self.address = _one(address)
        self._postmarks = Postmarks(self.address.streams)
        self._kept = KEPT_FRAMES
        self._lock = threading.Lock()
        self._domain = secrets.token_hex(8) if self.address.scheme == "tcp" else ""
        if not (allow or insecure):
            warn_of_strangers(self.address, "shows images to", "ImageSender")
        tidy_at_exit()
        self.socket = self._listen(allow)

    def send(self, letter: Letter) -> None:
        """Send to whoever is connected and not behind; at once. Raises `Closed` after `close`."""
        payload = letter.payload
        with self._lock:
            if self.socket.closed:
                raise Closed(f"this ImageSender at {self.address} is closed")
            self._bound(payload.nbytes)
            head = letter.header(self._postmarks.next(letter.text))
            self.socket.send(head, zmq.DONTWAIT | zmq.SNDMORE)
            self.socket.send(payload, zmq.DONTWAIT, copy=False)

    def close(self) -> None:
        """Stop listening; what was sent has a moment to leave. Idempotent."""
        with self._lock:
            self.socket.close(LINGER_MS)
            if self._domain:
                on_duty().unregister(self._domain)

    def _listen(self, allow: Sequence[str]) -> sockets.Socket:
        if not self._domain:
            return sockets.listener(
                f"ipc://{self.address.path}", kind=zmq.PUB, queue=self._kept, before_binding=unwatched
            )
        peer = self.address.peers[0]
        on_duty().register(self._domain, require_admission(peer.host, KeyStore(), True, allow))
        try:
            text = f"tcp://{peer}" if peer.host else f"tcp://*:{peer.port}"
            return sockets.listener(text, kind=zmq.PUB, domain=self._domain, queue=self._kept, before_binding=unwatched)
        except BaseException:
            on_duty().unregister(self._domain)
            raise

    def _bound(self, nbytes: int) -> None:
        """Keep as many frames of this size as there is room for: ZeroMQ counts messages."""
        frames = kept_frames(nbytes)
        if frames < self._kept or frames > 2 * self._kept:
            self._kept = frames
            self.socket.set(zmq.SNDHWM, frames)


def unwatched(socket: sockets.Socket) -> None:
    """No heartbeats, which peers of before 2016 do not understand: the system asks whether they are there."""
    socket.set(zmq.HEARTBEAT_IVL, 0)
    socket.set(zmq.TCP_KEEPALIVE_IDLE, ABSENT_S)
    socket.set(zmq.TCP_KEEPALIVE_INTVL, 1)
    socket.set(zmq.TCP_KEEPALIVE_CNT, 3)


def _one(address: str | Sequence[str]) -> Link:
    found = links(address)
    if len(found) > 1:
        raise AddressError(f"{address!r}: a PUB sender listens at one address")
    return found[0]
