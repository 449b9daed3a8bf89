"""Asks an object that lives elsewhere, one thing after the other, and waits for what it says."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from framebus.core.closing import Closing
from framebus.core.errors import Closed, RemoteError, Timeout
from framebus.core.frame import Array, Identity
from framebus.core.schemas import look_up
from framebus.links.patience import Patience
from framebus.wire.control import Reply
from framebus.work.objects import question_outcome, speech
from framebus.work.objects.lane import Heard, Lane
from framebus.work.objects.members import Description, Member
from framebus.work.objects.object_channel import Channel, Hearer
from framebus.work.objects.question_outcome import Ended
from framebus.work.objects.speech import Question

SLICE_S = 0.25
"""Longest sleep in one piece."""


look_up(Description)


class WhileAway(Patience):
    """Counts only while nobody is there: what comes next may take as long as it likes."""


class Known(msgspec.Struct, frozen=True):
    """What is known of the object at the other end of a connection."""

    connection: Any
    description: Description
    members: dict[str, Member]


class Asker(Closing):
    """Questions to one object in lanes. Safe to use from several threads, which take turns in each lane.

    A question is sent while somebody is there, and only to an object that we have met: when another one has taken its
    place since, it refuses what the first may have done already.
    """

    def __init__(self, channel: Callable[[Hearer], Channel]) -> None:
        self.known: Known | None = None
        """What is known so far; None before the object was there for the first time."""
        self._stream = f"ask-{secrets.token_hex(8)}"
        self._run = secrets.randbits(63) or 1
        self._sequence = itertools.count()
        self._numbers = itertools.count(1)
        self._asked: dict[int, Lane | None] = {}
        self._lanes: dict[int, Lane] = {}
        self._lock = threading.Lock()
        self._given_up: deque[tuple[Lane, Question, Any]] = deque()
        self._closed = False
        self._pid = os.getpid()
        self.channel = channel(self)

    @property
    def place(self) -> str:
        """How sentences about it begin: with the address, where there is one."""
        return "" if self.channel.private else f"{self.channel.name}: "

    @property
    def busy(self) -> bool:
        """True while something is asked and not answered."""
        return bool(self._asked)

    # lanes ------------------------------------------------------------------------------------------------------

    def lane(self) -> Lane:
        """A new one; to be closed."""
        lane = Lane(next(self._numbers))
        with self._lock:
            self._lanes[lane.number] = lane
        return lane

    def end(self, lane: Lane) -> None:
        """Nobody asks there any more: whoever waits gets `Closed`. Idempotent, from any thread."""
        lane.cancel()
        with lane.turn, self._lock:
            self._lanes.pop(lane.number, None)
            lane.close()

    def give_up(self, lane: Lane, question: Question, given: Any) -> None:
        """End `lane`, and tell `question`, when something is asked next; takes no lock: for finalizers."""
        self._given_up.append((lane, question, given))

    # asking -----------------------------------------------------------------------------------------------------

    def describe(self, lane: Lane, patience: Patience) -> Known:
        """The object as it is now."""
        with self._turn(lane, patience, ""):
            return self._described(lane, patience, "")

    def meet(self, lane: Lane, patience: Patience, what: str) -> str:
        """Which life of the object is there now, once one is."""
        with self._turn(lane, patience, what):
            return self._acquainted(lane, patience, what).description.instance

    def ask(self, lane: Lane, question: Question, given: Any, what: str, patience: Patience) -> Heard:
        """The answer. Raises `Timeout` when there is none in time, `Ended` when there never will be one."""
        with self._turn(lane, patience, what):
            while True:
                known = self._acquainted(lane, patience, what)
                instance = question.instance or known.description.instance
                asked = msgspec.structs.replace(question, instance=instance, lane=lane.number)
                heard = self._exchange(lane, known.connection, asked, given, what, patience)
                if heard is not None:
                    return heard

    def tell(self, question: Question, given: Any) -> None:
        """Ask without waiting for an answer, if somebody is there."""
        frame = speech.to_frame(question, given)
        if self.channel.connection is not None and self.channel.over is None:
            sequence = next(self._sequence)
            self._asked[sequence] = None
            with suppress(Closed):
                self.channel.send(frame.replace(stream=self._stream, run=self._run, seq=sequence))

    def _tell_given_up(self) -> None:
        while self._given_up:
            lane, question, given = self._given_up.popleft()
            self.end(lane)
            self.tell(question, given)

    @contextmanager
    def _turn(self, lane: Lane, patience: Patience, what: str) -> Iterator[None]:
        """While nobody else asks; an earlier question that was given up is answered first."""
        limit = patience.timeout
        if not lane.turn.acquire(timeout=-1 if limit is None else limit):
            under_way = lane.asked or "another call"
            raise Timeout(f"{self.place}{what} was not begun within {patience.text}: {under_way} is still under way")
        try:
            if lane.asked:
                with suppress(Ended):
                    self._awaited(lane, what, patience)
            yield
        finally:
            lane.turn.release()

    def _acquainted(self, lane: Lane, patience: Patience, what: str) -> Known:
        """What is known of the object that is there now; raises `Timeout` while there is none."""
        connection = self._reached(lane, patience, what)
        known = self.known
        return known if known is not None and known.connection == connection else self._described(lane, patience, what)

    def _described(self, lane: Lane, patience: Patience, what: str) -> Known:
        while True:
            connection = self._reached(lane, patience, what)
            with suppress(Ended):
                question = Question("describe", lane=lane.number)
                heard = self._exchange(lane, connection, question, None, what, patience)
                if heard is None:
                    continue
                description = self._read(heard, what)
                members = {member.name: member for member in description.members}
                self.known = Known(connection, description, members)
                return self.known

    def _read(self, heard: Heard, what: str) -> Description:
        try:
            return msgspec.convert(self.value(heard, what), Description)
        except msgspec.ValidationError as error:
            raise RemoteError(f"{self.place}what is there is no object of framebus: {error}") from error

    def _reached(self, lane: Lane, patience: Patience, what: str) -> Any:
        """Which connection there is, once there is one."""
        while (connection := self.channel.look()) is None:
            self._check(lane)
            now = time.monotonic()
            if patience.over(now):
                undone = f"; {what} was not executed" if what else ""
                raise Timeout(f"{self.channel.absence}: nobody came within {patience.text}{undone}")
            patience.say_once(now, lambda: f"waiting: {self.channel.absence}")
            lane.take()
            self.channel.wait(lane.fileno(), _slice(patience, now))
        return connection

    def _exchange(
        self, lane: Lane, connection: Hashable, question: Question, given: Any, what: str, patience: Patience
    ) -> Heard | None:
        """The answer; None where there was nobody to ask after all."""
        frame = speech.to_frame(question, given)
        self._tell_given_up()
        sequence = next(self._sequence)
        lane.begin(sequence, what or "asking what is there", connection)
        self._asked[sequence] = lane
        try:
            self._check(lane)
            sent = self.channel.send(frame.replace(stream=self._stream, run=self._run, seq=sequence))
        except BaseException:
            self._forget(lane)
            raise
        if sent:
            return self._awaited(lane, what, patience)
        self._forget(lane)
        return None

    def _forget(self, lane: Lane) -> None:
        """What was asked there will not be answered."""
        self._asked.pop(lane.give_up(), None)

    def _awaited(self, lane: Lane, what: str, patience: Patience) -> Heard:
        """The answer; a question that nobody waits for any more is still on its way, until it is answered."""
        now = time.monotonic()
        while (heard := lane.take()) is None:
            self.channel.wait(lane.fileno(), _slice(patience, now))
            if (heard := lane.take()) is not None:
                break
            now = time.monotonic()
            self._look_after(lane, what, patience, now)
        return heard

    def _look_after(self, lane: Lane, what: str, patience: Patience, now: float) -> None:
        """Raise what there is to raise while no answer comes."""
        if how := self.channel.broken(lane.connection):
            asked = lane.asked
            self._forget(lane)
            raise question_outcome.ended(self.place, asked, how)
        self._check(lane)
        connection = self.channel.connection
        if connection is not None and isinstance(patience, WhileAway):
            patience.renew(now)
        if patience.over(now):
            raise Timeout(self._late(lane, what, patience))
        if connection is None:
            patience.say_once(now, lambda: f"waiting: {self.channel.absence}")

    def _late(self, lane: Lane, what: str, patience: Patience) -> str:
        if self.channel.connection is None:
            return f"{self.channel.absence}: no answer within {patience.text}; {question_outcome.doubt(lane.asked)}"
        if what and lane.asked != what:
            return f"{self.place}{what} was not begun within {patience.text}: {lane.asked} is still under way"
        return f"{self.place}no answer to {lane.asked} within {patience.text}; it may still be executed"

    # answers ----------------------------------------------------------------------------------------------------

    def value(self, heard: Heard, what: str) -> Any:
        """What an answer says; raises what it says went wrong."""
        try:
            return question_outcome.value(heard, what, self.place)
        except Ended:
            self.known = None
            raise

    # news: in any thread, partly under the link's lock ----------------------------------------------------------

    def heard(self, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Hearer`."""
        lane = self._asked.pop(identity.seq, None) if identity.run == self._run else None
        if lane is not None:
            lane.put(identity.seq, Heard(reply, arrays))

    def news(self) -> None:
        """See `Hearer`."""
        with self._lock:
            for lane in self._lanes.values():
                lane.wake()

    # the end ----------------------------------------------------------------------------------------------------

    def _check(self, lane: Lane) -> None:
        if os.getpid() != self._pid:
            raise Closed(f"{self.channel.name}: this remote belongs to process {self._pid}: make one in this process")
        if (over := self.channel.over) is not None:
            raise over
        if lane.cancelled:
            raise Closed(f"{self.place}{lane.asked or 'this'} is closed")

    def close(self) -> None:
        """Let go of the object; whoever waits gets `Closed`. Idempotent."""
        if not self._closed and os.getpid() == self._pid:
            self._closed = True
            self.channel.close()
            for lane in list(self._lanes.values()):
                self.end(lane)


def _slice(patience: Patience, now: float) -> float:
    return min(SLICE_S, max(0.0, patience.until(now) - now))
