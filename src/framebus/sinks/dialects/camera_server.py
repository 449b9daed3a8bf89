"""A camera server that programs ask for pictures: `read` gives one, `stop` ends it, anything else gets a sentence."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

import msgspec

from framebus.links.old_sockets import Parts, Station
from framebus.sinks.dialects.send_queue import Letter, Outbox
from framebus.wire.dialects import split_envelope
from framebus.wire.dialects.pyzmq import READ, STOP, STOPPING
from framebus.wire.layout import Buffer

AGAIN_S = 1.0
"""How long a client waits for a picture it has not had before it gets the same again."""
MAX_CLIENTS = 1024
LINGER_MS = 1000
UNKNOWN = b"unknown request: send 'read' for a picture, or 'stop' to end the server"
CROWDED = b"too many clients wait for a picture: ask again"
ENDED = b"there are no more pictures: the server has ended"


class _Client(msgspec.Struct):
    """Somebody who waits for a picture: how to answer, and since when (monotonic seconds)."""

    envelope: list[Buffer]
    since: float


class Serving:
    """Answers each client by itself, so that one that hangs holds up nobody.

    Of a live source a client gets the newest frame it has not had; else every frame goes to one client.
    """

    def __init__(self, outbox: Outbox, station: Station) -> None:
        self.address = station.address
        self._outbox = outbox
        self._station = station
        self._waiting: OrderedDict[bytes, _Client] = OrderedDict()
        self._had: OrderedDict[bytes, Letter] = OrderedDict()
        self._newest: Letter | None = None
        self._over = False

    def run(self) -> None:
        """Until somebody says `stop`, or the outbox is stopped, or finishing and empty."""
        try:
            while not (self._over or self._outbox.stopped):
                self._station.facts()
                self._turn(time.monotonic())
        finally:
            self._station.close(LINGER_MS if self._over else 0)

    def _turn(self, now: float) -> None:
        for parts in self._station.messages():
            self._outbox.reached()
            self._asked(parts, now)
        self._serve(now)
        if self._outbox.finishing and (self._outbox.live or self._outbox.look() is None):
            self._finish(ENDED)
        if not (self._over or self._outbox.stopped):
            self._station.wait(self._outbox.bell.fileno(), self._due())

    def _asked(self, parts: Parts, now: float) -> None:
        envelope, message = split_envelope([part.buffer for part in parts])
        said = bytes(message[0]) if len(message) == 1 and len(message[0]) <= len(READ) else b""
        if said == READ and len(self._waiting) < MAX_CLIENTS:
            self._waiting[bytes(envelope[0])] = _Client(envelope, now)
        elif said == READ:
            self._station.send([*envelope, CROWDED])
        elif said == STOP:
            self._station.send([*envelope, STOPPING])
            self._finish(ENDED)
            self._outbox.stop("a client sent 'stop', which ends the server")
        else:
            self._station.send([*envelope, UNKNOWN])

    def _serve(self, now: float) -> None:
        self._outbox.heard()
        for identity, client in list(self._waiting.items()):
            letter = self._outbox.look()
            if self._outbox.live and letter is not None:
                self._newest = letter
                self._outbox.settled()
            elif self._outbox.live:
                letter = self._newest
            if letter is None:
                return
            if self._had.get(identity) is letter and now - client.since < AGAIN_S:
                continue
            self._give(identity, client, letter)

    def _give(self, identity: bytes, client: _Client, letter: Letter) -> None:
        del self._waiting[identity]
        sent = self._station.send([*client.envelope, *letter.parts])
        if self._outbox.live:
            self._had[identity] = letter
            self._had.move_to_end(identity)
            if len(self._had) > MAX_CLIENTS:
                self._had.popitem(last=False)
        elif sent:
            self._outbox.settled()

    def _due(self) -> float:
        """When a client has waited long enough for something new."""
        return min((client.since + AGAIN_S for client in self._waiting.values()), default=math.inf)

    def _finish(self, text: bytes) -> None:
        self._over = True
        for parts in self._station.messages():
            self._station.send([*split_envelope([part.buffer for part in parts])[0], text])
        for client in self._waiting.values():
            self._station.send([*client.envelope, text])
        self._waiting.clear()
