"""A service at work: questions come over a link, somebody works on them, answers go back."""

from __future__ import annotations

import select
import time

from framebus.core.bell import SLICE_S, Bell
from framebus.core.closing import Closing
from framebus.core.errors import BadFrame, Timeout, Unavailable
from framebus.links.receiving import LinkSource
from framebus.pool.calling import described
from framebus.work.objects import speech
from framebus.work.service_workers import Done, Hands
from framebus.work.turns import Turns

GRACE_S = 5.0
"""How long a service that is stopped may work on what it has begun."""
MAX_WAITING = 1024
"""Questions taken in before their turn; more wait where they come from."""


class Serving(Closing):
    """Listens from the start and answers while `run` runs. `stop` from any thread or signal handler."""

    asked_for = "frame"
    """What is answered, for people."""

    def __init__(self, name: str, source: LinkSource, hands: Hands) -> None:
        self.name = name
        self.answered = 0
        """Questions answered so far."""
        self.failed = 0
        """Of them, those answered with an error."""
        self._source = source
        self._hands = hands
        self._turns = Turns()
        self._stopping = False
        self._bell = Bell()

    @property
    def where(self) -> str:
        """The address it listens at, with the port the system chose."""
        return self._source.where

    @property
    def waiting(self) -> int:
        """Questions that wait for their turn."""
        return len(self._turns)

    def run(self) -> None:
        """Answer until somebody stops it; then what was begun, for at most `GRACE_S`.

        What was asked and not begun stays with whoever asked, who gets it answered by the next service there. Raises
        what keeps the function from ever working.
        """
        while not self._stopping:
            self._answer()
            self._take_in()
            self._hand_out()
            self._wait(None)
        limit = time.monotonic() + GRACE_S
        self._answer()
        while self._hands.busy and time.monotonic() < limit:
            self._wait(limit)
            self._answer()

    def stop(self) -> None:
        """Begin nothing new; `run` returns soon."""
        self._stopping = True
        self._bell.ring()

    def close(self) -> None:
        """Stop listening and end the workers; idempotent."""
        self._source.close()
        self._hands.close()
        self._bell.close()

    def _answer(self) -> None:
        for done in self._hands.finished():
            self.answered += 1
            self.failed += bool(done.said.error)
            self._reply(done)

    def _reply(self, done: Done) -> None:
        item, said = done
        try:
            self._source.reply(item, said.data, said.arrays, said.error)
        except (BadFrame, Unavailable) as error:  # too large to travel, or no shared memory left for it
            self.failed += not said.error
            self._source.reply(item, error=described(error))

    def _take_in(self) -> None:
        """All that is here, so that who asks much does not come before who asks little."""
        while len(self._turns) < MAX_WAITING:
            try:
                item = self._source.take(0)
            except Timeout:
                return
            if item is not None and speech.is_question(item):
                said = speech.refused("request", f"{self.name} answers frames: ask it with fb.gather(name=ADDRESS)")
                self._source.reply(item, said.data, said.arrays, said.error)
            elif item is not None:
                self._turns.put(item)

    def _hand_out(self) -> None:
        while self._hands.free and (item := self._turns.take()) is not None:
            if not self._hands.give(item):
                self._turns.put_back(item)
            if self._stopping:
                return

    def _wait(self, limit: float | None) -> None:
        """Until there is something to do; with a `limit`, only for those who work, and at most to that time."""
        watched = [self._hands.fileno()]
        if limit is not None:
            select.select(watched, [], [], max(0.0, limit - time.monotonic()))
            return
        watched.append(self._bell.fileno())
        if len(self._turns) < MAX_WAITING:
            watched.append(self._source.fileno())
        select.select(watched, [], [], SLICE_S)
