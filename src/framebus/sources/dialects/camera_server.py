"""A camera server that gives one picture each time it is asked to `read`."""

from __future__ import annotations

import logging
import math
import time

import zmq

from framebus.core.addresses import Link
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.links.complaints import Complaints
from framebus.links.old_sockets import Parts, Station, calling
from framebus.links.reminder import Reminder
from framebus.sources.dialects.numbered import Decode, Numbered
from framebus.sources.dialects.waking import Waking
from framebus.wire.dialects.pyzmq import READ

ANSWER_S = 5.0
"""How long a server may take for a picture before it is asked anew, or the next one is."""
CONNECT_S = 1.0
PAUSE_S = 0.05
MAX_PAUSE_S = 1.0

log = logging.getLogger("framebus")


class CameraClient(Waking):
    """Asks for the next picture when the last one was taken. After any trouble a fresh socket, to the next peer."""

    def __init__(self, address: Link, decode: Decode) -> None:
        self._address = address
        self._numbered = Numbered(address, decode)
        self._complaints = Complaints()
        self._reminder = Reminder()
        self._station: Station | None = None
        self._attempt = 0
        self._failures = 0
        self._ask_at = 0.0
        self._asked = False
        self._give_up_at = math.inf
        super().__init__(self._numbered.name)

    def _step(self) -> Item | None:
        now = time.monotonic()
        station = self._station or self._call(now)
        gone = any(fact.kind == "gone" for fact in station.facts())
        if self._asked and (parts := station.receive()) is not None:
            return self._answer(parts, now)
        if now >= self._give_up_at or (gone and self._asked):
            self._lose(station, now)
            return None
        if not self._asked and now >= self._ask_at and station.send([READ]):
            self._asked, self._give_up_at = True, now + ANSWER_S
        asks = not self._asked and now >= self._ask_at
        until = self._give_up_at if self._asked or asks else min(self._ask_at, self._give_up_at)
        self._sleep(station, until, room=asks)
        return None

    def _call(self, now: float) -> Station:
        peer = self._address.peers[self._attempt % len(self._address.peers)]
        self._station = calling(zmq.REQ, [peer], reminder=self._reminder)
        self._give_up_at = now + CONNECT_S if len(self._address.peers) > 1 else math.inf
        return self._station

    def _answer(self, parts: Parts, now: float) -> Frame | None:
        self._asked, self._give_up_at = False, math.inf
        try:
            made = self._numbered.frame(parts)
        except BadFrame as error:
            self._complaints.reject(str(self._address), error)
            made = None
        if isinstance(made, Frame):
            self._failures = 0
            return made
        self._pause(now)
        return None

    def _lose(self, station: Station, now: float) -> None:
        if self._asked and now >= self._give_up_at:
            log.warning("%s did not answer for %g s: it is asked again", self._address, ANSWER_S)
        station.close()
        self._station = None
        self._asked = False
        self._attempt += 1
        self._pause(now)

    def _pause(self, now: float) -> None:
        self._ask_at = now + min(PAUSE_S * 2**self._failures, MAX_PAUSE_S)
        self._failures = min(self._failures + 1, 10)

    def _leave(self) -> None:
        if self._station is not None:
            self._station.close()
            self._station = None
