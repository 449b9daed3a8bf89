"""Sends frames to whoever takes them, unanswered: subscribers, and workers that pull."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import zmq

from framebus.links.old_sockets import Station
from framebus.links.sockets import Socket
from framebus.sinks.dialects.send_queue import Letter, Outbox

RETRY_S = 0.005
"""ZeroMQ does not tell when the queue to a slow subscriber has room again."""
LINGER_MS = 1000
MAX_LINGER_MS = 10_000


def complete(socket: Socket) -> None:
    """For publishing sockets: where a subscriber's queue is full, sending fails instead of losing the frame."""
    socket.set(zmq.XPUB_NODROP, 1)


class Telling:
    """One socket, XPUB or PUSH. A frame is settled when ZeroMQ has it; a live one also where nobody subscribes.

    `farewell` makes the message that ends whoever gets the stream of that frame, the last of its stream.
    """

    def __init__(
        self, outbox: Outbox, connect: Callable[[], Station], farewell: Callable[[Letter], Sequence[Any]] | None = None
    ) -> None:
        self._outbox = outbox
        self._connect = connect
        self._farewell = farewell
        self._last: dict[str, Letter] = {}
        self._subscriptions = 0
        self._over = False

    address = ""

    def run(self) -> None:
        """Until the outbox is stopped, or finishing and empty."""
        station = self._connect()
        subscribed = station.socket.type == zmq.XPUB
        try:
            while not (self._over or self._outbox.stopped):
                station.facts()
                if subscribed:
                    self._hear(station)
                self._turn(station, subscribed)
        finally:
            station.close(self._linger_ms() if self._over else 0)

    def _hear(self, station: Station) -> None:
        """Subscriptions come as messages: a byte for come or gone, then the topic."""
        for parts in station.messages():
            said = bytes(parts[0].buffer[:1])
            self._subscriptions += {b"\x01": 1, b"\x00": -1}.get(said, 0)
        self._outbox.nobody = self._subscriptions <= 0
        if not self._outbox.nobody:
            self._outbox.reached()

    def _turn(self, station: Station, subscribed: bool) -> None:
        letter = self._outbox.look()
        if letter is None:
            if self._outbox.finishing:
                self._finish(station)
            elif not self._outbox.stopped:
                station.wait(self._outbox.bell.fileno(), math.inf)
        elif subscribed and self._outbox.nobody:
            if self._outbox.live:
                self._outbox.settled(seen=False)
            elif not self._outbox.stopped:
                station.wait(self._outbox.bell.fileno(), math.inf)
        elif station.send(letter.parts):
            self._sent(letter)
        elif not self._outbox.stopped:
            until = time.monotonic() + RETRY_S if subscribed else math.inf
            station.wait(self._outbox.bell.fileno(), until, room=not subscribed)

    def _sent(self, letter: Letter) -> None:
        self._outbox.reached()
        if self._farewell is not None:
            self._last[letter.item.stream] = letter
        self._outbox.settled()

    def _finish(self, station: Station) -> None:
        self._over = True
        for letter in self._last.values():
            assert self._farewell is not None  # noqa: S101  (else nothing is kept)
            self._send_at_last(station, self._farewell(letter))

    def _send_at_last(self, station: Station, parts: Sequence[Any]) -> None:
        until = time.monotonic() + LINGER_MS / 1000
        while not station.send(parts) and time.monotonic() < until and not self._outbox.stopped:
            self._outbox.heard()
            station.wait(self._outbox.bell.fileno(), time.monotonic() + RETRY_S)

    def _linger_ms(self) -> int:
        if self._outbox.live:
            return LINGER_MS
        return int(min(self._outbox.patience_s * 1000, MAX_LINGER_MS))


class Listening(Telling):
    """The same, where subscribers or workers come to us; made, and bound, before the thread starts."""

    def __init__(
        self, outbox: Outbox, station: Station, farewell: Callable[[Letter], Sequence[Any]] | None = None
    ) -> None:
        super().__init__(outbox, lambda: station, farewell)
        self.address = station.address
        outbox.nobody = station.socket.type == zmq.XPUB
