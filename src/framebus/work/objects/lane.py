"""Questions that follow each other: the next one is asked once the one before it was answered."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from framebus.core.bell import Bell
from framebus.core.frame import Array
from framebus.wire.control import Reply


class Heard(NamedTuple):
    """An answer as it came."""

    reply: Reply
    arrays: Sequence[Array]


class Lane:
    """One at a time holds its `turn`; answers come from any thread."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.turn = threading.Lock()
        self.cancelled = False
        """Nobody is to wait here any more."""
        self.asked = ""
        """What is asked and not answered, for people; empty where nothing is."""
        self.connection: Hashable | None = None
        """Over which it was sent."""
        self._sequence = -1
        self._heard: Heard | None = None
        self._bell = Bell()
        self._lock = threading.Lock()
        self._waiting = 0

    def fileno(self) -> int:
        """Readable when there is something to look at."""
        return self._bell.fileno()

    def begin(self, sequence: int, what: str, connection: Hashable) -> None:
        """A question is about to be sent."""
        with self._lock:
            self._sequence, self.asked, self.connection, self._heard = sequence, what, connection, None

    def give_up(self) -> int:
        """It will not be answered; which one that was."""
        with self._lock:
            given_up = self._sequence
            self._sequence, self.asked, self._heard = -1, "", None
            return given_up

    def put(self, sequence: int, heard: Heard) -> None:
        """An answer came; a late one to something else is dropped."""
        with self._lock:
            if sequence == self._sequence:
                self._heard = heard
                if threading.get_ident() != self._waiting:
                    self._bell.ring()

    def take(self) -> Heard | None:
        """The answer, once it is there; otherwise the bell tells."""
        self._waiting = threading.get_ident()
        with self._lock:
            self._bell.hush()
            heard = self._heard
            if heard is not None:
                self._sequence, self.asked, self._heard = -1, "", None
            return heard

    def wake(self) -> None:
        """Whoever waits looks again."""
        with self._lock:
            self._bell.ring()

    def cancel(self) -> None:
        """Whoever waits stops waiting."""
        self.cancelled = True
        self.wake()

    def close(self) -> None:
        """Give its descriptor back; idempotent."""
        with self._lock:
            self._bell.close()
