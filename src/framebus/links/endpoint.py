"""A session on a carrier: whoever holds the lock drives both, in the caller's thread or in the reactor's.

Some carriers' descriptors are edge-triggered and tell nothing for sure: everybody asks the carrier again after sending
and receiving, and sleeps only when it says that nothing is waiting.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import structs

from framebus.core.errors import BadFrame, Closed
from framebus.links import owned
from framebus.links.carrier import Arrival, Carrier
from framebus.links.complaints import Complaints
from framebus.links.connection import Parts
from framebus.links.fact import Fact
from framebus.links.lookout import Lookout
from framebus.links.moving import Move
from framebus.links.parcel import parcel
from framebus.links.reactor import reactor
from framebus.links.slumber import Slumber
from framebus.session.guests import Guest
from framebus.session.outgoing import Delivery, Peer
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.wire import control

if TYPE_CHECKING:
    from framebus.links.directory import Entry

WAITED_ON_S = 0.02
"""How often the reactor looks whether a caller still sleeps on a link and drives it."""
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

    def __init__(
        self, session: S, where: str, dial: Callable[[int], Carrier], *, peers: int = 1, may_move: bool = False
    ) -> None:
        self.session = session
        self.where = where
        self.scheduled = float("inf")
        self.complaints = Complaints()
        self.entry: Entry | None = None
        """Its line in this machine's directory of links."""
        self._dial = dial
        self._peers = peers
        self._attempt = 0
        self._lock = threading.Lock()
        self._driven_until = 0.0
        self._tick_at = 0.0
        self._reactor = reactor()
        self._remind_at = 0.0
        self._check_keys_at = 0.0
        self._redial_due = float("inf")
        self._state = ""
        self._broken = ""
        self._move = Move(allowed=may_move)
        self._carrier = dial(0)
        session.party = structs.replace(session.party, local=self._carrier.local)
        session.guests.encrypted = self._carrier.encrypts
        self._descriptor = self._carrier.fileno()
        self._slumber = Slumber(self._descriptor)
        self._lookout = Lookout(self.look)
        if session.calling is not None:
            session.calling.dial(time.monotonic() + PROBE_S)
        owned.add(self)

    def start(self) -> None:
        """Let the reactor drive this end from now on."""
        self._watch_carrier()

    def _watch_carrier(self) -> None:
        self._reactor.watch(self, self._descriptor)
        if (lookout := self._carrier.lookout) is not None:
            self._reactor.watch(self._lookout, lookout)

    @property
    def address(self) -> str:
        """Where it listens, with the port the system chose; else what was asked for."""
        return self._carrier.address or self.where

    @property
    def local(self) -> str:
        """The path by which processes of this machine and user share its memory; empty where there is none."""
        return self._carrier.local

    @property
    def listens(self) -> bool:
        """True when the other ends come here."""
        return self._carrier.listens

    # a caller that waits for several ends -----------------------------------------------------------------------

    @property
    def descriptor(self) -> int:
        """Readable when something came; to be slept on between `expect` and `met`."""
        return self._descriptor

    def expect(self) -> bool:
        """A caller is going to sleep on `descriptor`, among others: the reactor leaves this end alone until `met`.

        False where that makes no sense: the end is shut.
        """
        with self._lock:
            if self._state:
                return False
            self._slumber.count += 1
            return True

    def met(self, now: float) -> None:
        """The caller of `expect` is awake: what came is taken in."""
        with self._lock:
            self._slumber.count -= 1
            if not self._state:
                self._drive_as_caller(now)
                self._leave_hot(now)

    # the reactor's turns --------------------------------------------------------------------------------------

    def hot_until(self, now: float) -> float:
        """A caller drives this end: until then the reactor need not, except to send what the caller left behind."""
        if self._slumber.count:
            return now + WAITED_ON_S
        return now if self._carrier.unsent else self._driven_until

    def turn(self, now: float) -> float | None:
        """The reactor drives: takes the lock, does what is due, tells whoever waits."""
        with self._lock:
            if self._state:
                return None
            self._drive(now)
            self._tick(now)
            self._tell()
            return self._deadline(now)

    def _deadline(self, now: float) -> float | None:
        """When somebody must drive again at the latest."""
        times = self.session.deadline(now), self._carrier.deadline
        return min((at for at in times if at is not None), default=None)

    def look(self, now: float) -> float | None:
        """The reactor has news of connections."""
        with self._lock:
            if self._state:
                return None
            self._look(now)
            self._flush(now)
            self._tell()
            return self._carrier.deadline

    def _look(self, now: float) -> None:
        gone, facts = self._carrier.look(now)
        if gone:
            self._lose(gone, now)
        for fact in facts:
            if fact.text:
                log.warning("%s", fact.text)
            self._explain(fact, now)
            if fact.kind == "ready":
                self._redial_due = float("inf")
            elif fact.final and not self._carrier.listens:
                self._redial_due = now + REDIAL_S
        if self._carrier.over:
            self._return(now)

    def _explain(self, fact: Fact, now: float) -> None:
        """Whoever waits for the other side is told what keeps it from us, also when that was logged long ago."""
        calling = self.session.calling
        if calling is None:
            return
        if fact.text or fact.kind == "ready":
            calling.last_refusal = fact.text
        if fact.kind == "ready" and self._carrier.lookout is None:
            calling.dial(now)  # there is nobody to ask us who we are: say it
            self._tick_at = 0.0

    # driving: with the lock held ------------------------------------------------------------------------------

    def _drive(self, now: float) -> None:
        """Take in what came and send what is due until both are quiet."""
        while True:
            for arrival in self._carrier.arrivals():
                self._take_in(arrival, now)
            if self._carrier.news:
                self._look(now)
            self._flush(now)
            if not self._carrier.waiting():
                return

    def _drive_as_caller(self, now: float) -> None:
        """The same in a caller's thread, with what time brings."""
        self._drive(now)
        if now >= self._tick_at:
            self._tick(now)

    def _tick(self, now: float) -> None:
        look_at = self._carrier.deadline
        if self._carrier.lookout is None and look_at is not None and now >= look_at:
            self._look(now)
        self.session.tick(now)
        calling = self.session.calling
        if calling is not None and (now >= self._redial_due or (self._peers > 1 and calling.unanswered(now))):
            self._redial(now)
        if now >= self._check_keys_at:
            self._check_keys_at = now + REVOKED_S
            self._cut_revoked(now)
        self._flush(now)
        at = self._deadline(now)
        self._tick_at = now + SLICE_S if at is None else min(at, now + SLICE_S)

    def _flush(self, now: float) -> None:
        out = self.session.out
        if not out:
            return
        unreachable: list[Peer] = []
        while out:
            batch = out[:]
            out.clear()
            for peer, action in batch:
                message = parcel(action) if isinstance(action, Delivery) else self._letter(peer, action, now)
                if not self._carrier.send(peer, message) and self._carrier.listens:
                    unreachable.append(peer)
        if unreachable:
            self._lose(unreachable, now)

    def _letter(self, peer: Peer, message: control.Message, now: float) -> bytes:
        if isinstance(message, control.Refuse):
            self.complaints.tell(self.address, self.session.guests.address(peer) or "a peer", message, now)
        return control.encode(message)

    def _lose(self, peers: list[Peer], now: float) -> None:
        """Connections are gone; what the peers said before, a farewell perhaps, is heard first."""
        while self._carrier.waiting():
            for arrival in self._carrier.arrivals():
                self._take_in(arrival, now)
        for peer in peers:
            self._carrier.forget(peer)
            self._on_gone(peer, now)
        self._flush(now)

    def _on_gone(self, peer: Peer, now: float) -> None:
        """A connection is gone, and everything that came over it is taken in."""
        self.session.disconnected(peer, now)

    def _take_in(self, arrival: Arrival, now: float) -> None:
        peer, parts, newcomer = arrival
        if newcomer is not None:
            address, user = newcomer
            self.session.guests.introduce(peer, Guest(address, self._carrier.rights(user), user))
        try:
            if not parts:
                self.session.unexpected(peer, now)
            elif len(parts) == 1:
                message = control.decode(parts[0])
                if isinstance(message, control.Welcome):
                    if self._moves(message, now):
                        return
                    self._close_former()
                self._on_control(peer, message, now)
            elif len(parts) == 2:
                self._on_pair(peer, parts[0], parts[1], now)
            else:
                raise BadFrame(f"a message of {len(parts)} parts or more: framebus messages have one or two")
        except BadFrame as error:
            self._on_rubbish(peer, parts, error, now)

    def _on_rubbish(self, peer: Peer, parts: Parts, error: BadFrame, now: float) -> None:
        """A message that framebus does not send."""
        self.session.out.append((peer, self.complaints.reject(self.address, error)))

    # keys -----------------------------------------------------------------------------------------------------

    def _cut_revoked(self, now: float) -> None:
        for user in self._carrier.revoked():
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
        calling.dial(now + PROBE_S)
        self._close_former()
        old = self._exchange(self._dial(self._attempt))
        self._reactor.release(then=old.close)

    def _exchange(self, fresh: Carrier) -> Carrier:
        """Go on over another carrier; the old one, which is the caller's to close, is watched no more."""
        old, self._carrier = self._carrier, fresh
        self.session.guests.encrypted = fresh.encrypts
        self._descriptor = fresh.fileno()
        self._slumber.watch(self._descriptor)
        self._reactor.release(self, self._lookout)
        self._watch_carrier()
        return old

    # a better carrier -----------------------------------------------------------------------------------------

    def _moves(self, welcome: control.Welcome, now: float) -> bool:
        """Go on through shared memory, if whoever welcomes us is on this machine and of this user."""
        nearer = self._move.nearer(welcome.party, self.session.party, now)
        if nearer is None:
            return False
        self._move.former = self._exchange(nearer)
        return True

    def _close_former(self) -> None:
        """We are known where we moved to: the other side need not keep anything for where we came from."""
        former, self._move.former = self._move.former, None
        if former is not None:
            self._reactor.release(then=former.close)

    def _return(self, now: float) -> None:
        """The private connection is gone: call where we were sent from, or end where there is no such place."""
        if self._move.undo():
            self._redial(now)
        else:
            self._broken = self._carrier.over

    # waiting --------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Something was driven for others: those asleep look again, and the user's descriptor tells the truth."""
        self._slumber.wake()
        self._show_ready()

    def _show_ready(self) -> None:
        """The user's descriptor, where there is one, tells whether there is something to take."""

    @property
    def _refusal(self) -> str | None:
        """Why the other side does not want this end, once it said so for good."""
        calling = self.session.calling
        return None if calling is None else calling.refusal

    def _check(self) -> None:
        """Raise `Closed` where this end cannot be used any more."""
        if self._state:
            raise Closed(f"{self.where}: {self._state}")
        calling = self.session.calling
        if calling is not None and calling.refusal is not None:
            raise Closed(f"{self.where} refused: {calling.refusal}")
        if self._broken:
            raise Closed(f"{self.where}: {self._broken}")

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
        self._slumber.sleep(self._lock, limit)

    @property
    def _leisure_s(self) -> float:
        """For how long after a caller nobody need drive."""
        return self.session.leisure_s

    def _leave_hot(self, now: float) -> None:
        """A caller leaves: the reactor takes over shortly, at the latest when something is due."""
        self._driven_until = now + self._leisure_s
        if self._carrier.unsent:
            self._reactor.hasten(self, now)
        if now >= self._remind_at:
            self._remind_at = now + REMIND_S
            at = self._deadline(now)
            if at is not None:
                self._reactor.remind(self, max(at, self._driven_until))

    # the end --------------------------------------------------------------------------------------------------

    def shut(self, why: str, linger_ms: int = 0) -> None:
        """Free everything; every later use says `why`. Idempotent; the lock must not be held."""
        with self._lock:
            if self._state:
                return
            self._state = why
            self._slumber.wake()
            self._show_ready()
        self._reactor.unwatch(self)
        self._reactor.unwatch(self._lookout)
        with self._lock:
            self._carrier.close(linger_ms)
            if self._move.former is not None:
                self._move.former.close()
            if self.entry is not None:
                self.entry.close()
        self._slumber.end()
        self._free()

    def _free(self) -> None:
        """Give back what an end has besides; nobody uses it any more."""

    def disown(self) -> None:
        """In a forked child: this end is the parent's."""
        self._lock = threading.Lock()
        self._state = self._state or f"this link belongs to process {os.getppid()}: open it again in this one"

    # what came ------------------------------------------------------------------------------------------------

    @abstractmethod
    def _on_control(self, peer: Peer, message: control.Message, now: float) -> None:
        """A message of one part."""

    @abstractmethod
    def _on_pair(self, peer: Peer, head: memoryview, payload: memoryview, now: float) -> None:
        """A message of two parts."""
