"""Frames that were asked about, and what each service said so far. Pure: no links, no clocks, no locks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from framebus.core.frame import Array, Frame
from framebus.supervise.leases import Leases


class Outcome(NamedTuple):
    """What became of one frame at one service: data and arrays as they came, or what went wrong."""

    data: Any = None
    arrays: Sequence[Array] = ()
    error: str = ""
    """The service's own function failed: `ValueError: too dark`, then its traceback."""
    missing: str = ""
    """There is no answer, and why."""


class Call:
    """One frame on its way to all services. Complete once each has an outcome."""

    __slots__ = ("asked_at", "deadline", "frame", "limit_s", "number", "open", "outcomes", "questions")

    def __init__(self, number: int, frame: Frame, names: Iterable[str], limit_s: float | None, now: float) -> None:
        self.number = number
        self.frame = frame
        self.asked_at = now
        self.limit_s = limit_s
        self.deadline = None if limit_s is None else now + limit_s
        """When to do without what is missing (monotonic seconds); None: never."""
        self.questions: dict[str, Frame] = {}
        """What each service is sent."""
        self.outcomes: dict[str, Outcome] = {}
        self.open = set(names)
        """Services without an outcome yet."""

    @property
    def complete(self) -> bool:
        """True when nothing more is waited for."""
        return not self.open

    def over(self, now: float) -> bool:
        """True when it is complete, or its time has passed."""
        return not self.open or (self.deadline is not None and now >= self.deadline)

    def settle(self, name: str, outcome: Outcome) -> None:
        """What service `name` says; the first word counts, others (late ones) are dropped."""
        if name in self.open:
            self.open.discard(name)
            self.outcomes[name] = outcome


class Desk:
    """The calls of one service: those that wait to be sent, and those that are with it.

    A service that still owes an answer nobody waits for any more gets nothing new until it is finished with that:
    otherwise one that is too slow would work on old frames for ever.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._waiting: deque[Call] = deque()
        self._out: Leases[int, Call] = Leases()

    def put(self, call: Call) -> None:
        """A new call."""
        while self._waiting and self.name not in self._waiting[0].open:
            self._waiting.popleft()  # nobody waits for it any more, and its pixels take room
        self._waiting.append(call)

    @property
    def behind(self) -> bool:
        """True while it works on something nobody waits for any more."""
        return any(self.name not in call.open for call in self._out)

    @property
    def due(self) -> bool:
        """True when `take` would give something."""
        return any(self.name in call.open for call in self._waiting) and not self.behind

    @property
    def waits(self) -> bool:
        """True when something waits to be sent, now or later."""
        return any(self.name in call.open for call in self._waiting)

    @property
    def busy(self) -> bool:
        """True while the service has something to answer, for somebody or for nobody."""
        return len(self._out) > 0

    def take(self) -> Call | None:
        """The next call to send, which is with the service from now on."""
        while self._waiting and not self.behind:
            call = self._waiting.popleft()
            if self.name in call.open:
                self._out.lend(call.number, call)
                return call
        return None

    def answered(self, number: int, outcome: Outcome) -> Call | None:
        """The service says something about a call; the call, unless the service did not have it."""
        call = self._out.settle(number)
        if call is not None:
            call.settle(self.name, outcome)
        return call

    def lost(self, reason: str, *, at_work: bool) -> None:
        """The service died: what it was working on is missing for that `reason`; the rest is sent again."""
        blamed, rest = self._out.lose(at_work=at_work)
        if blamed is not None:
            blamed.settle(self.name, Outcome(missing=reason))
        self._waiting.extendleft(reversed(rest))

    def give_up(self, reason: str) -> None:
        """The service will never answer: everything is missing."""
        _, rest = self._out.lose(at_work=False)
        for call in (*rest, *self._waiting):
            call.settle(self.name, Outcome(missing=reason))
        self._waiting.clear()


class Calls:
    """All desks of one gather."""

    def __init__(self, names: Iterable[str]) -> None:
        self.desks = {name: Desk(name) for name in names}
        self.opened = 0
        """How many there were."""

    def open(self, frame: Frame, limit_s: float | None, now: float) -> Call:
        """A new call of all services, within `limit_s` seconds."""
        call = Call(self.opened, frame, self.desks, limit_s, now)
        self.opened += 1
        for desk in self.desks.values():
            desk.put(call)
        return call
