"""What comes one after the other from an object that lives elsewhere: a stream that was opened, and events."""

from __future__ import annotations

import logging
import weakref
from abc import abstractmethod
from collections import deque
from typing import Any

from framebus.core.closing import Closing
from framebus.core.errors import Closed, RemoteError
from framebus.links.patience import Patience
from framebus.work.objects import speech
from framebus.work.objects.asker import Asker, WhileAway
from framebus.work.objects.lane import Lane
from framebus.work.objects.question_outcome import Ended
from framebus.work.objects.speech import Question

END = object()
"""What `next` gives when there is no next item."""

log = logging.getLogger("framebus")


class Opened(Closing):
    """Used by one thread at a time, but for `interrupt`."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._lane = asker.lane()

    @abstractmethod
    def next(self) -> Any:
        """The next item, or `END`."""

    def interrupt(self) -> None:
        """Whoever waits for the next item gets `Closed`; waits for nobody."""
        self._lane.cancel()


class OpenStream(Opened):
    """What a method gave to iterate over: one item at a time is asked for."""

    def __init__(self, asker: Asker, number: int, instance: str, what: str, limit_s: float | None) -> None:
        super().__init__(asker)
        self._number = number
        self._instance = instance
        self._what = what
        self._limit_s = limit_s
        self._forgotten = weakref.finalize(self, _forget, asker, self._lane, self._number, instance)

    @property
    def alive(self) -> bool:
        """True until its end was reached, or it was closed."""
        return self._forgotten.alive

    def next(self) -> Any:
        if not self.alive:
            return END
        try:
            question = Question("next", instance=self._instance)
            heard = self._asker.ask(self._lane, question, self._number, self._what, WhileAway(self._limit_s))
            over = speech.is_end(heard.reply.data)
            value = None if over else self._asker.value(heard, self._what)
        except BaseException:
            self.close()
            raise
        if over:
            self._finish()
            return END
        return value

    def close(self) -> None:
        """Close it where it was opened; idempotent."""
        if self._finish():
            self._asker.tell(Question("drop", instance=self._instance, lane=self._lane.number), self._number)

    def _finish(self) -> bool:
        self._asker.end(self._lane)
        return self._forgotten.detach() is not None


def _forget(asker: Asker, lane: Lane, number: int, instance: str) -> None:
    asker.give_up(lane, Question("drop", instance=instance, lane=lane.number), number)


class EventStream(Opened):
    """What an object emits, from now on, or from its beginning where it is ours; goes on after its restarts."""

    def __init__(self, asker: Asker, what: str, limit_s: float | None) -> None:
        """Raises `Timeout` where it is not there within `limit_s`."""
        super().__init__(asker)
        self._what = what
        self._after: int | None = 0
        self._instance = ""
        self._here: deque[Any] = deque()
        self._ended = False
        if not asker.channel.private:
            self._after = None
            try:
                self._ask(Patience(limit_s))
            except BaseException:
                self.close()
                raise

    def next(self) -> Any:
        try:
            while not (self._here or self._ended):
                self._ask(Patience(None))
        except Closed:
            self.close()
        return self._here.popleft() if self._here else END

    def _ask(self, patience: Patience) -> None:
        try:
            self._instance = self._instance or self._asker.meet(self._lane, patience, self._what)
            question = Question("events", instance=self._instance)
            heard = self._asker.ask(self._lane, question, self._after, self._what, patience)
            batch = self._asker.value(heard, self._what)
        except Ended:
            self._after, self._instance = 0, ""  # of the one that comes after it, all
            return
        if not (isinstance(batch, list) and len(batch) == 3 and isinstance(batch[2], list)):
            raise RemoteError(f"{self._asker.place}{self._what} cannot be read")
        self._after, missed, events = batch
        self._here.extend(events)
        if missed:
            log.warning("%s%s of %s were missed", self._asker.place, missed, self._what)

    def close(self) -> None:
        """Listen no more; idempotent."""
        if not self._ended:
            self._ended = True
            self._asker.end(self._lane)
