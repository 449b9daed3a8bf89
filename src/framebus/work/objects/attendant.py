"""Attends to an object: questions come over a link, each is done in its turn, answers go back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Closed, Timeout, Unavailable
from framebus.core.names import to_name
from framebus.links.receiving import LinkSource
from framebus.pool.calling import Said
from framebus.work.objects import speech
from framebus.work.objects.executed import Executed
from framebus.work.objects.performer import Performer
from framebus.work.objects.speech import Question
from framebus.work.turns import Turns

SLICE_S = 0.25
"""How often to look whether somebody wants it to end, and whether those who opened streams are there."""
PATIENCE_S = 10.0
"""So long the link to somebody may be broken before what is open for them is closed."""
MAX_WAITING = 1024
"""Questions taken in before their turn; more wait where they come from."""


class Attendant:
    """One question after the other, askers in turn. `stop` from any thread or signal handler."""

    def __init__(self, source: LinkSource, performer: Performer) -> None:
        self.answered = 0
        """Questions answered so far, of whatever kind."""
        self.failed = 0
        """Of them, those answered with an error."""
        self._source = source
        self._performer = performer
        self._executed = Executed()
        self._noting = threading.Lock()
        self._turns = Turns()
        self._stopping = False

    def run(self) -> None:
        """Until somebody stops it, or the link is gone. What was asked and not begun stays with whoever asked."""
        with suppress(Closed):
            while not (self._stopping or self._performer.stopped):
                self._take_in()
                item = self._turns.take()
                if item is not None:
                    self._attend(item)

    def stop(self) -> None:
        """Begin nothing new; `run` returns soon."""
        self._stopping = True

    def _take_in(self) -> None:
        """All that is here, so that who asks much does not come before who asks little; at least one, or wait."""
        wait_s = 0.0 if self._turns else SLICE_S
        with suppress(Timeout):
            while len(self._turns) < MAX_WAITING:
                item = self._source.take(wait_s)
                if item is None:
                    raise Closed("whoever asked has taken leave")
                self._turns.put(item)
                wait_s = 0.0
        if self._performer.holds:
            self._performer.drop_those_of(lambda asker: self._source.away_s(asker) >= PATIENCE_S)

    def _attend(self, item: Item) -> None:
        try:
            question = speech.of_frame(item)
        except BadFrame as error:
            self._reply(item, speech.refused("request", str(error)))
            return
        with self._noting:
            said = self._executed.again(item.identity, question.lane)
        asker = self._source.asker(item)
        name = to_name(self._performer.name)
        if said is None and not self._source.may(asker, "control", name):
            said = speech.refused("rights", _forbidden(name))
        if said is not None:
            self._reply(item, said)
            return
        self._performer.perform(question, item, asker, self._replier(item, question))

    def _replier(self, item: Item, question: Question) -> Callable[[Said], None]:
        def reply(said: Said) -> None:
            with self._noting:
                self._executed.note(item.identity, question.lane, said)
            self._reply(item, said)

        return reply

    def _reply(self, item: Item, said: Said) -> None:
        self.answered += 1
        self.failed += bool(said.error)
        with suppress(Closed):
            try:
                self._source.reply(item, said.data, said.arrays, said.error)
            except (BadFrame, Unavailable) as error:  # too large to travel, or no shared memory left for it
                self.failed += not said.error
                self._source.reply(item, error=f"{type(error).__name__}: {error}")


def _forbidden(name: str) -> str:
    return f"this key may not control {name}: framebus keys invite NAME --publish 'ask-*' --control {name}"
