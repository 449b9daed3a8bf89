"""Sends one frame, waits for its answer, sends the next: imageZMQ hubs and NetGear receivers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from framebus.core.addresses import Peer
from framebus.links.fact import Fact
from framebus.links.old_sockets import Parts, Station
from framebus.sinks.dialects.send_queue import Letter, Outbox

CONNECT_S = 1.0
"""How long one of several peers may take to be there before the next is tried."""
ANSWER_S = 5.0
"""How long one of several peers may take to answer before the next is tried."""
PAUSE_S = 0.02
MAX_PAUSE_S = 1.0
GOODBYE_S = 1.0
LINGER_MS = 1000


class Asking:
    """One peer at a time; after any trouble a fresh socket, to the next of them, so that it never gets stuck.

    What was not answered is sent again; of a live source the newest instead. `answered` gets each frame and the parts
    of its answer. `farewell` is sent at the end, and answered by those of whom that `is_confirmed`.
    """

    address = ""

    def __init__(
        self,
        outbox: Outbox,
        peers: Sequence[Peer],
        connect: Callable[[Peer], Station],
        answered: Callable[[Letter, Parts], None],
        *,
        farewell: list[Any] | None = None,
        is_confirmed: bool = False,
    ) -> None:
        self._outbox = outbox
        self._peers = peers
        self._connect = connect
        self._answered = answered
        self._farewell = farewell
        self._is_confirmed = is_confirmed
        self._answer_s = min(ANSWER_S, outbox.patience_s) if len(peers) > 1 else outbox.patience_s
        self._station: Station | None = None
        self._attempt = 0
        self._failures = 0
        self._ask_at = 0.0
        self._asked: Letter | None = None
        self._give_up_at = math.inf
        self._connected = False
        self._over = False

    def run(self) -> None:
        """Until the outbox is stopped, or finishing and empty."""
        try:
            while not (self._over or self._outbox.stopped):
                self._turn(time.monotonic())
        finally:
            if self._station is not None:
                self._station.close(LINGER_MS if self._over else 0)

    def _turn(self, now: float) -> None:
        station = self._station or self._call(now)
        lost = False
        for fact in station.facts():
            lost |= self._lost_by(fact, now)
        if self._asked is not None and (parts := station.receive()) is not None:
            self._answer(self._asked, parts)  # whoever is gone may have answered before
        if lost or now >= self._give_up_at:
            self._lose(station, now)
            return
        waiting = self._ask(station, now)
        until = min(self._give_up_at, self._ask_at) if waiting and now < self._ask_at else self._give_up_at
        if not (self._over or self._outbox.stopped):
            station.wait(self._outbox.bell.fileno(), until, room=waiting and now >= self._ask_at)

    def _call(self, now: float) -> Station:
        self._station = self._connect(self._peers[self._attempt % len(self._peers)])
        self._connected = False
        self._give_up_at = now + CONNECT_S if len(self._peers) > 1 else math.inf
        return self._station

    def _lost_by(self, fact: Fact, now: float) -> bool:
        """Whether what happened means that this connection will not do."""
        if fact.kind == "ready":
            self._connected = True
            self._outbox.reached()
            if self._asked is None:  # sending may succeed before this is heard
                self._give_up_at = math.inf
        elif fact.kind == "gone" and self._connected:
            self._connected = False
            if self._asked is not None:
                return True
            self._give_up_at = now + CONNECT_S if len(self._peers) > 1 else math.inf
        return False

    def _ask(self, station: Station, now: float) -> bool:
        """Send what there is to send; True when something waits to be sent."""
        if self._asked is not None:
            self._outbox.heard()
            return False
        letter = self._outbox.look()
        if letter is None:
            if self._outbox.finishing:
                self._say_goodbye(station)
            return False
        if now < self._ask_at or not station.send(letter.parts):
            return True
        self._asked, self._give_up_at = letter, now + self._answer_s
        return False

    def _answer(self, letter: Letter, parts: Parts) -> None:
        self._asked, self._give_up_at, self._failures = None, math.inf, 0
        self._answered(letter, parts)
        self._outbox.settled()

    def _lose(self, station: Station, now: float) -> None:
        """No answer will come here any more: begin anew, a little later each time."""
        station.close()
        self._station = None
        self._attempt += 1
        if self._asked is not None:
            self._ask_at = now + min(PAUSE_S * 2**self._failures, MAX_PAUSE_S)
            self._failures = min(self._failures + 1, 10)
            self._asked = None

    def _say_goodbye(self, station: Station) -> None:
        self._over = True
        if self._farewell is None or not self._connected or not station.send(self._farewell):
            return
        until = time.monotonic() + GOODBYE_S
        while self._is_confirmed and time.monotonic() < until and not self._outbox.stopped:
            station.wait(self._outbox.bell.fileno(), until)
            self._outbox.heard()
            if station.receive() is not None or any(fact.kind == "gone" for fact in station.facts()):
                return
