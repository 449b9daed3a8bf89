"""A session on a carrier: whoever holds the lock drives both, in the caller's thread or in the reactor's.

ZeroMQ's descriptor is edge-triggered and tells nothing for sure: everybody asks the carrier again after sending and
receiving, and sleeps only when it says that nothing is waiting.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from framebus.core.bell import Bell
from framebus.core.errors import BadFrame, Closed
from framebus.links.admission import admission
from framebus.links.alarm import Alarm
from framebus.links.carrier import Arrival, Carrier
from framebus.links.directory import Entry
from framebus.links.keys import Rights
from framebus.links.monitor import Fact, Reminder
from framebus.links.parcel import parcel
from framebus.links.reactor import reactor
from framebus.session.guests import Guest
from framebus.session.outgoing import Delivery, Peer
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.wire import control

WAITED_ON_S = 0.02
"""How often the reactor looks whether a caller still sleeps on a link and drives it."""
NOT_ALONE_S = 0.002
"""How long one of several sleeping threads sleeps: a wake-up reaches only one of them."""
SLICE_S = 0.5
"""Longest sleep in one piece: even a wake-up that got lost would cost no more."""
REMIND_S = 0.005
"""How often a busy caller tells the reactor when it is needed next."""
REVOKED_S = 1.0
REDIAL_S = 1.0
PROBE_S = 0.3
"""ZeroMQ's own probe makes the other side ask who we are; only if that fails is hello said unasked."""

log = logging.getLogger("framebus")
S = TypeVar("S", bound=PublisherSession | ReaderSession)


class Endpoint(ABC, Generic[S]):
    """One end of a link. Safe to use from any thread of the process that made it."""

    def __init__(self, session: S, where: str, dial: Callable[[int], Carrier], peers: int = 1) -> None:
        self.session = session
        self.where = where
        self.scheduled = float("inf")
        self.rejected = 0
        self.entry: Entry | None = None
        """Its line in this machine's directory of links."""
        self._dial = dial
        self._peers = peers
        self._attempt = 0
        self._lock = threading.Lock()
        self._ready: Bell | None = None
        self._sleepers = 0
        self._driven_until = 0.0
        self._tick_at = 0.0
        self._reactor = reactor()
        self._remind_at = 0.0
        self._check_keys_at = 0.0
        self._redial_due = float("inf")
        self._state = ""
        self._carrier = dial(0)
        self._descriptor = self._carrier.fileno()
        self._bell = Bell()
        self._alarm = Alarm(self._descriptor, self._bell.fileno())
        self._lookout = Lookout(self)
        self._reminder = Reminder()
        if session.calling is not None:
            session.calling.dial(time.monotonic() + PROBE_S)
        _endpoints.add(self)

    def start(self) -> None:
        """Let the reactor drive this end from now on."""
        self._reactor.watch(self, self._descriptor)
        self._reactor.watch(self._lookout, self._carrier.lookout.fileno())

    @property
    def address(self) -> str:
        """Where it listens, with the port the system chose; else what was asked for."""
        return self._carrier.address or self.where

    @property
    def listens(self) -> bool:
        """True when the other ends come here."""
        return self._carrier.listens

    # the reactor's turns --------------------------------------------------------------------------------------

    def hot_until(self, now: float) -> float:
        """A caller drives this end: until then the reactor need not."""
        return now + WAITED_ON_S if self._sleepers else self._driven_until

    def turn(self, now: float) -> float | None:
        """The reactor drives: takes the lock, does what is due, tells whoever waits."""
        with self._lock:
            if self._state:
                return None
            self._drive(now)
            self._tick(now)
            self._tell()
            return self.session.deadline(now)

    def look(self, now: float) -> float | None:
        """The reactor has news of connections."""
        with self._lock:
            if self._state:
                return None
            gone, facts = self._carrier.look(now)
            if gone:
                self._lose(gone, now)
            for fact in facts:
                if fact.text:
                    log.warning("%s", fact.text)
                self._explain(fact)
                if fact.final and not self._carrier.listens:
                    self._redial_due = now + REDIAL_S
            self._flush(now)
            self._tell()
            return self._carrier.deadline

    def _explain(self, fact: Fact) -> None:
        """Whoever waits for the other side is told what keeps it from us, also when that was logged long ago."""
        calling = self.session.calling
        if calling is not None and (fact.text or fact.kind == "ready"):
            calling.last_refusal = fact.text

    # driving: with the lock held ------------------------------------------------------------------------------

    def _drive(self, now: float) -> None:
        """Take in what came and send what is due until both are quiet."""
        while True:
            for arrival in self._carrier.arrivals():
                self._take_in(arrival, now)
            self._flush(now)
            if not self._carrier.waiting():
                return

    def _drive_as_caller(self, now: float) -> None:
        """The same in a caller's thread, with what time brings."""
        self._drive(now)
        if now >= self._tick_at:
            self._tick(now)

    def _tick(self, now: float) -> None:
        self.session.tick(now)
        calling = self.session.calling
        if calling is not None and (now >= self._redial_due or (self._peers > 1 and calling.unanswered(now))):
            self._redial(now)
        if self._carrier.domain and now >= self._check_keys_at:
            self._check_keys_at = now + REVOKED_S
            self._cut_revoked(now)
        self._flush(now)
        at = self.session.deadline(now)
        self._tick_at = now + SLICE_S if at is None else min(at, now + SLICE_S)

    def _flush(self, now: float) -> None:
        out = self.session.out
        unreachable: list[Peer] = []
        while out:
            batch = out[:]
            out.clear()
            for peer, action in batch:
                parts = parcel(action) if isinstance(action, Delivery) else [control.encode(action)]
                if isinstance(action, control.Refuse):
                    self._say_refused(peer, action, now)
                if not self._carrier.send(peer, parts) and self._carrier.listens:
                    unreachable.append(peer)
        if unreachable:
            self._lose(unreachable, now)
        self._cut_dropped()

    def _lose(self, peers: list[Peer], now: float) -> None:
        """Connections are gone; what the peers said before, a farewell perhaps, is heard first."""
        while self._carrier.waiting():
            for arrival in self._carrier.arrivals():
                self._take_in(arrival, now)
        for peer in peers:
            self._carrier.forget(peer)
            self.session.disconnected(peer, now)
        self._flush(now)

    def _cut_dropped(self) -> None:
        """Sessions of a kind that cut peers say so here."""

    def _take_in(self, arrival: Arrival, now: float) -> None:
        peer, parts = arrival.peer, arrival.parts
        newcomer = self._carrier.meet(arrival)
        if newcomer is not None:
            address, user = newcomer
            self.session.guests.introduce(peer, Guest(address, self._rights(user), user))
        try:
            if not parts:
                self.session.unexpected(peer, now)
            elif len(parts) == 1:
                self._on_control(peer, parts[0].buffer, now)
            elif len(parts) == 2:
                self._on_pair(peer, parts[0].buffer, parts[1].buffer, now)
            else:
                raise BadFrame(f"a message of {len(parts)} parts or more: framebus messages have one or two")
        except BadFrame as error:
            self._reject(peer, error)

    def _reject(self, peer: Peer, error: BadFrame) -> None:
        self.rejected += 1
        self.session.out.append((peer, control.Refuse(code="request", message=str(error)[:500])))
        if self.rejected & (self.rejected - 1) == 0:  # the 1st, 2nd, 4th, 8th …: lines, not a flood
            log.warning("%s: message refused (%d so far): %s", self.address, self.rejected, error)

    def _say_refused(self, peer: Peer, refusal: control.Refuse, now: float) -> None:
        """Both sides are told when somebody may not do what it came for."""
        if refusal.code != "request" and not refusal.retry:
            who = self.session.guests.address(peer) or "a peer"
            if text := self._reminder.say(refusal.message, who, refusal.message, now):
                log.warning("%s: refused %s: %s", self.address, who, text)

    # keys -----------------------------------------------------------------------------------------------------

    def _rights(self, user: str) -> Rights | None:
        """What a key may do; None, everything, where no keys are used."""
        domain = self._carrier.domain
        return admission().rights(domain, user) if domain and user else None

    def _cut_revoked(self, now: float) -> None:
        for user in admission().revoked(self._carrier.domain):
            for peer in self.session.guests.named(user):
                self._carrier.cut(peer, f"the key of {user} was revoked")
                self.session.disconnected(peer, now)

    # calling --------------------------------------------------------------------------------------------------

    def _redial(self, now: float) -> None:
        """Nobody answers there: try the next address (or the same again, where there is one)."""
        calling = self.session.calling
        assert calling is not None  # noqa: S101  (only a connecting end redials)
        self._attempt += 1
        self._redial_due = float("inf")
        self.session.disconnected(calling.peer, now)
        fresh = self._dial(self._attempt)
        old, self._carrier = self._carrier, fresh
        self._descriptor = fresh.fileno()
        self._alarm = Alarm(self._descriptor, self._bell.fileno())
        calling.dial(now + PROBE_S)
        self._reactor.replace(self, self._descriptor)
        self._reactor.replace(self._lookout, fresh.lookout.fileno(), old.close)
        self._bell.ring()

    # waiting --------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Something was driven for others: those asleep look again, and the user's descriptor tells the truth."""
        if self._sleepers:
            self._bell.ring()
        self._show_ready()

    def _show_ready(self) -> None:
        if self._ready is not None:
            if self._is_ready() or self._state:
                self._ready.ring()
            else:
                self._ready.hush()

    @abstractmethod
    def _is_ready(self) -> bool:
        """True when the user would not wait now."""

    @property
    def _refusal(self) -> str | None:
        """Why the other side does not want this end, once it said so for good."""
        calling = self.session.calling
        return None if calling is None else calling.refusal

    def _check(self) -> None:
        """Raise `Closed` where this end cannot be used any more."""
        if self._state:
            raise Closed(f"{self.where}: {self._state}")
        if self._refusal is not None:
            raise Closed(f"{self.where} refused: {self._refusal}")

    def _drive_until(self, finished: Callable[[], bool], limit: float) -> None:
        """Drive until `finished` or the time is `limit`."""
        while not finished() and (now := time.monotonic()) < limit:
            self._drive_as_caller(now)
            if not finished():
                self._sleep(limit)

    def _sleep(self, until: float) -> None:
        """Sleep until there may be something to do, at most to `until`; gives up the lock meanwhile."""
        if self._carrier.waiting():
            return
        limit = min(until, self._tick_at) - time.monotonic()
        alarm = self._alarm
        self._sleepers += 1
        if self._sleepers > 1:
            limit = min(limit, NOT_ALONE_S)
        self._lock.release()
        try:
            if limit > 0:
                alarm.wait(limit)
        finally:
            self._lock.acquire()
            self._sleepers -= 1
            self._bell.hush()

    def _leave_hot(self, now: float) -> None:
        """A caller leaves: the reactor takes over shortly, at the latest when something is due."""
        self._driven_until = now + self.session.leisure_s
        if now >= self._remind_at:
            self._remind_at = now + REMIND_S
            at = self.session.deadline(now)
            if at is not None:
                self._reactor.remind(self, max(at, self._driven_until))

    # the end --------------------------------------------------------------------------------------------------

    def _shut(self, why: str, linger_ms: int = 0) -> None:
        """Free everything; every later use says `why`. Idempotent; the lock must not be held."""
        with self._lock:
            if self._state:
                return
            self._state = why
            self._bell.ring()
            self._show_ready()
        self._reactor.unwatch(self)
        self._reactor.unwatch(self._lookout)
        with self._lock:
            if self._carrier.domain:
                admission().unregister(self._carrier.domain)
            self._carrier.close(linger_ms)
            if self.entry is not None:
                self.entry.close()
        while self._sleepers:
            time.sleep(0.001)
        self._bell.close()
        if self._ready is not None:
            self._ready.close()

    def _forked(self) -> None:
        """In a forked child: this end is the parent's."""
        self._lock = threading.Lock()
        self._state = self._state or f"this link belongs to process {os.getppid()}: open it again in this one"

    # what came ------------------------------------------------------------------------------------------------

    @abstractmethod
    def _on_control(self, peer: Peer, part: memoryview, now: float) -> None:
        """A message of one part."""

    @abstractmethod
    def _on_pair(self, peer: Peer, head: memoryview, payload: memoryview, now: float) -> None:
        """A message of two parts."""


class Lookout:
    """The reactor's view of an endpoint's connections: noticed at once, whoever drives the endpoint itself."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self.scheduled = float("inf")
        self._endpoint = endpoint

    def hot_until(self, now: float) -> float:
        """Never: nobody else does this."""
        return 0.0

    def turn(self, now: float) -> float | None:
        """Look."""
        return self._endpoint.look(now)


_endpoints: weakref.WeakSet[Endpoint[Any]] = weakref.WeakSet()


def _disown() -> None:
    for endpoint in list(_endpoints):
        endpoint._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown)


def abandon_all() -> None:
    """At exit: whatever is still open stops without an end."""
    for endpoint in list(_endpoints):
        endpoint._shut("the process is ending")
