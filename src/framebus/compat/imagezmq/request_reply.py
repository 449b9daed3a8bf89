"""REQ/REP: each picture goes to the first hub that can be reached, again if that dies, until one replies."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from framebus.compat.imagezmq.hub_address import Hub, Place, links
from framebus.compat.imagezmq.keyed import NameTaken
from framebus.compat.imagezmq.letter import Letter, Postmarks
from framebus.compat.imagezmq.limit import Limit
from framebus.compat.imagezmq.plain_hub import Lost
from framebus.core.errors import Closed

FIRST_REST_S = 0.02
LONGEST_REST_S = 0.5
"""Hubs that take the picture and hang up, again and again, are given time."""


class Asking:
    """Asks hubs at one or several addresses. Safe from several threads: one picture at a time."""

    def __init__(self, addresses: str | Sequence[str], timeout: float | None) -> None:
        """Raises `AddressError`. Nothing is connected yet; `timeout` in seconds limits each `send`."""
        found = links(addresses)
        self.timeout = timeout
        self._places = [Place(address) for address in found]
        self._postmarks = Postmarks(next((link.streams for link in found if link.streams), ""))
        self._turn = 0
        self._hub: Hub | None = None
        self._closed = False
        self._lock = threading.Lock()

    def send(self, letter: Letter) -> bytes:
        """The reply of the hub.

        Raises `ImageTimeout` when none came in time; then the connection is given up, so that a late reply is never
        taken for that to another picture. Raises `Closed` after `close`.
        """
        with self._lock:
            if self._closed:
                raise Closed("this ImageSender is closed")
            limit = Limit(self.timeout, lambda: self._closed)
            postmark = self._postmarks.next(letter.text)
            rest_s = 0.0
            while True:
                hub = self._hub = self._hub or self._reach(limit)
                try:
                    return hub.ask(letter, postmark, limit)
                except Lost:
                    self._next_place()
                    time.sleep(min(rest_s, limit.left(self._absence)))
                    rest_s = min(2 * rest_s + FIRST_REST_S, LONGEST_REST_S)
                except NameTaken:
                    self._hang_up()
                    self._postmarks.rename()
                    postmark = self._postmarks.next(letter.text)
                except BaseException:
                    self._hang_up()
                    raise

    @property
    def where(self) -> str:
        """The address in use, or to be tried next."""
        return str(self._place.address)

    def limit(self, timeout: float | None) -> None:
        """From the next picture on: `timeout` in seconds, None to wait for ever."""
        self.timeout = timeout

    def close(self) -> None:
        """Let the hub go; idempotent. Whoever waits in another thread gets `Closed` within half a second."""
        self._closed = True
        with self._lock:
            self._hang_up()

    def _reach(self, limit: Limit) -> Hub:
        while True:
            for _ in self._places:
                hub = self._place.find(limit)
                if hub is not None:
                    return hub
                self._turn += 1
            time.sleep(min(self._place.pause_s, limit.left(self._absence)))

    @property
    def _place(self) -> Place:
        return self._places[self._turn % len(self._places)]

    def _next_place(self) -> None:
        self._hang_up()
        self._place.lost()
        self._turn += 1

    def _hang_up(self) -> None:
        hub, self._hub = self._hub, None
        if hub is not None:
            hub.close()

    def _absence(self) -> str:
        return "waiting for a hub at " + ", ".join(f"{place.address} ({place.why})" for place in self._places)
