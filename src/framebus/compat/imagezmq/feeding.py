"""PUB/SUB, receiving: a hub that connects to publishers and takes every picture in order, or the newest alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import zmq

from framebus.compat.imagezmq.casting import FEWEST_FRAMES, kept_frames, unwatched
from framebus.compat.imagezmq.hub_address import links
from framebus.compat.imagezmq.image_timeout import ImageTimeout
from framebus.compat.imagezmq.newest import Newest
from framebus.compat.imagezmq.received_picture import Picture
from framebus.core.errors import BadFrame, Closed
from framebus.links import sockets
from framebus.links.leaving import tidy_at_exit

Parts = list[zmq.Frame]
FIRST_FRAMES = 16
"""So many are let in before their size is known."""


class Feeding:
    """A SUB socket connected to publishers. One thread at a time receives."""

    def __init__(self, addresses: str | Sequence[str], *, newest: bool) -> None:
        """Raises `AddressError`. Publishers need not be there yet, and may come back."""
        tidy_at_exit()
        self._names: list[str] = []
        self._kept = FIRST_FRAMES
        self._lock = threading.Lock()
        self.socket = sockets.dialler([], kind=zmq.SUB, queue=FIRST_FRAMES)
        self.socket.set(zmq.IMMEDIATE, 0)  # with it a subscription waits until somebody receives
        unwatched(self.socket)
        self.socket.set(zmq.SUBSCRIBE, b"")
        self._newest: Newest | None = None
        try:
            self.connect(addresses)
        except BaseException:
            self.socket.close(0)
            raise
        if newest:
            self._newest = Newest(self.socket, self._lock)

    def connect(self, addresses: str | Sequence[str]) -> None:
        """Listen to more publishers."""
        found = links(addresses)
        with self._lock:
            for link in found:
                where = f"tcp://{link.peers[0]}" if link.scheme == "tcp" else f"ipc://{link.path}"
                sockets.connect(self.socket, where)
                self._names.append(where)
        if self._newest is not None:
            self._newest.look()

    def receive(self, timeout: float | None) -> Picture:
        """The next picture.

        Raises `ImageTimeout` after `timeout` seconds, `BadFrame` for a message that is none, `Closed` after `close`.
        """
        if self.socket.closed:
            raise Closed("this ImageHub is closed")
        parts = self._receive(timeout) if self._newest is None else self._newest.take(self._limit_s(timeout))
        if parts is None:
            raise ImageTimeout(f"no image came from {', '.join(self._names)} within {self._limit_s(timeout):g} s")
        if len(parts) != 2:
            raise BadFrame(f"an imageZMQ message has two parts, {len(parts)} arrived")
        return Picture.read(parts[0], parts[1])

    def close(self) -> None:
        """Let all publishers go; idempotent."""
        if self._newest is not None:
            self._newest.close()
        self.socket.close(0)

    def _limit_s(self, timeout: float | None) -> float | None:
        """`timeout`, or what the program set on the socket."""
        own = self.socket.get(zmq.RCVTIMEO)
        return own / 1000 if timeout is None and isinstance(own, int) and own >= 0 else timeout

    def _receive(self, timeout: float | None) -> Parts | None:
        """Part by part: each knows whether another one follows, so that the socket is not asked."""
        if timeout is not None and not self.socket.poll(int(timeout * 1000)):
            return None
        try:
            parts = [self.socket.recv(copy=False)]
        except zmq.Again:  # the program limited the time on the socket
            return None
        while parts[-1].more:
            parts.append(self.socket.recv(copy=False))
        self._bound(len(parts[-1]))
        return parts

    def _bound(self, nbytes: int) -> None:
        """Let in as many frames of this size as there is room for; more wait, and are dropped, at the publisher."""
        frames = kept_frames(nbytes)
        if frames < self._kept or frames > 2 * self._kept:
            self._kept = max(FEWEST_FRAMES, frames)
            self.socket.set(zmq.RCVHWM, self._kept)
