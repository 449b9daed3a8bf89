"""Calls to several services at once: sent when the services can take them, waited for, given up in time."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from framebus.core.bell import SLICE_S, Bell
from framebus.core.errors import BadFrame, Closed, Error
from framebus.core.frame import Array, Frame, Identity
from framebus.links.publishing import LinkPublisher
from framebus.pool.calling import is_missing
from framebus.pool.questions import question
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Lost, Worker
from framebus.wire.control import Reply
from framebus.work.calls import Call, Calls, Desk, Outcome
from framebus.work.gather_services import OwnService, Service
from framebus.work.leader_followers import LeaderFollowers
from framebus.work.sharing import shared

LOOK_S = 0.02
"""How often to look for a service elsewhere that was never there yet, while something waits for it."""
SAY_AFTER_S = 1.0

log = logging.getLogger("framebus")


class Exchange:
    """The services of one gather, and the calls to them. Safe to use from several threads.

    Replies come in whichever thread drives a link, under that link's lock: they only take note and wake whoever
    waits, who then sends what has become due. Mostly that is the thread that waits.
    """

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._workers: tuple[Worker, ...] = ()
        self._supervisor: Supervisor | None = None
        self._stream = f"ask-{secrets.token_hex(8)}"
        self._run = secrets.randbits(64) or 1
        self._news = threading.Condition()
        self._waiters = LeaderFollowers(self._news)
        self._bells: set[Bell] = set()
        self._calls = Calls(())
        self._sending: dict[str, threading.Lock] = {}
        self._slowest = ""
        self._started = self._closed = False
        self._said: set[str] = set()
        self._pid = os.getpid()

    def begin(self, services: Mapping[str, Service], workers: Sequence[Worker]) -> None:
        """Start the processes; once, before anything else."""
        self._services, self._workers = dict(services), tuple(workers)
        self._calls = Calls(services)
        self._sending = {name: threading.Lock() for name in services}
        self._supervisor = Supervisor(workers, "gather") if workers else None

    @property
    def names(self) -> tuple[str, ...]:
        """What the services are called."""
        return tuple(self._services)

    def told_shortly(self) -> Iterator[str]:
        """How it is, in a few words; takes no lock."""
        yield "closed" if self._closed else "open"
        yield f"{self._calls.opened:,} asked"
        absent = [] if self._closed else [name for name, service in self._services.items() if not service.there]
        yield f"not there: {', '.join(absent)}" if absent else ""

    # asking --------------------------------------------------------------------------------------------------

    def await_start(self) -> None:
        """Wait until all worker processes are built; raises what kept one from that."""
        since = time.monotonic()
        while not self.has_started(since):
            with self._news:
                if not self._all_built():
                    self._news.wait(SLICE_S)

    def has_started(self, since: float) -> bool:
        """Whether all worker processes are built; raises what keeps one from that. `since`: when waiting began."""
        if not self._started:
            self._say([worker.name for worker in self._workers if not (worker.ready or worker.life.over)], since)
            with self._news:
                self._check()
                self._started = self._all_built()
        return self._started

    def _all_built(self) -> bool:
        for worker in self._workers:
            if worker.refusal is not None and not worker.life.ever_ready:
                raise worker.refusal
        return all(worker.life.ever_ready for worker in self._workers)

    def ask(self, frame: Frame, limit_s: float | None) -> Call:
        """Send `frame` to all services, to each as soon as it can take it."""
        own = _ready(frame) if self._workers else frame
        with self._news:
            self._check()
            call = self._calls.open(frame, limit_s, time.monotonic())
            here = question(own, self._stream, self._run, call.number)
            there = here if own is frame else question(frame, self._stream, self._run, call.number)
            for name, service in self._services.items():
                call.questions[name] = here if isinstance(service, OwnService) else there
        try:
            self.send_due()
        except BaseException:
            self.drop(call)
            raise
        return call

    def wait(self, call: Call) -> None:
        """Until all services have said something about `call`, or its time has passed: then the rest is missing."""
        while not call.over(now := time.monotonic()):
            self.send_due()
            self._say(call.open, call.asked_at)
            with self._news:
                self._check()
                if not (call.complete or self._sendable()):
                    self._waiters.sleep(self._links(call), self.patience_s(call, now))
        if not call.complete:
            self._expire(call)

    def _links(self, call: Call) -> list[LinkPublisher]:
        """What is still to be said about it comes over these."""
        links = (self._services[name].publisher for name in call.open)
        return [link for link in links if link is not None]

    def drop(self, call: Call) -> None:
        """Nobody waits for `call` any more."""
        with self._news:
            for name in list(call.open):
                call.settle(name, Outcome(missing="nobody waited for it"))

    def patience_s(self, call: Call, now: float) -> float:
        """How long to wait for news of `call` before looking after it again."""
        until = now + SLICE_S if call.deadline is None else min(call.deadline, now + SLICE_S)
        for name, desk in self._calls.desks.items():
            service = self._services[name]
            if desk.waits and not (service.tells or service.there):
                until = min(until, now + LOOK_S)
        return max(0.0, until - now)

    def send_due(self) -> None:
        """Send what waits to services that are there and not behind."""
        for desk in sorted(self._calls.desks.values(), key=self._haste):
            name = desk.name
            service = self._services[name]
            if not (desk.waits or (desk.busy and service.hopeless)):
                continue
            service.look()
            with self._sending[name]:  # or two threads could send in another order than they took
                while (call := self._taken(desk, service)) is not None:
                    self._send(desk, service, call)

    def _haste(self, desk: Desk) -> bool:
        """Whoever answered last is asked first: all others wait for it."""
        return desk.name != self._slowest

    def _taken(self, desk: Desk, service: Service) -> Call | None:
        with self._news:
            if (why := service.hopeless) is not None:
                desk.give_up(why)
            return desk.take() if service.there else None

    def _send(self, desk: Desk, service: Service, call: Call) -> None:
        try:
            service.send(call.questions[desk.name])
        except Error as error:
            with self._news:
                desk.answered(call.number, Outcome(missing=str(error)))
            if isinstance(error, BadFrame):
                raise

    def _sendable(self) -> bool:
        return any(desk.due and self._services[name].there for name, desk in self._calls.desks.items())

    def _expire(self, call: Call) -> None:
        absence = {name: self._services[name].absence for name in list(call.open)}  # takes locks of links
        with self._news:
            for name in list(call.open):
                why = absence.get(name) or ("it is still busy with an earlier frame" if self._behind(name) else "")
                late = f"no answer within {call.limit_s:g} s"
                call.settle(name, Outcome(missing=f"{late}: {why}" if why else late))

    def _behind(self, name: str) -> bool:
        return self._calls.desks[name].behind

    def _check(self) -> None:
        if self._closed:
            raise Closed("this gather is closed: make a new one")
        if os.getpid() != self._pid:
            raise Closed(f"this gather belongs to process {self._pid}: make one in this process")

    def _say(self, names: Sequence[str] | set[str], since: float) -> None:
        """After a second, log who is waited for that is not there; each reason once."""
        if time.monotonic() < since + SAY_AFTER_S:
            return
        for name in list(names):
            why = self._services[name].absence
            if why and f"{name}: {why}" not in self._said:
                self._said.add(f"{name}: {why}")
                log.warning("waiting for %s: %s", name, why)

    # news: in any thread, partly under a link's lock ---------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """See `Owner`."""
        with self._news:
            self._wake()

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Owner`."""
        self.told(worker.name, identity, reply, arrays)

    def told(self, name: str, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """Service `name` says something about a frame."""
        if (identity.stream, identity.run) != (self._stream, self._run):
            return
        with self._news:
            desk = self._calls.desks[name]
            call = desk.answered(identity.seq, _outcome(reply, arrays))
            if call is not None and call.complete:
                self._slowest = name
            if call is not None and (call.complete or desk.due):
                self._wake()

    def lost(self, worker: Worker, lost: Lost) -> None:
        """See `Owner`."""
        with self._news:
            desk = self._calls.desks[worker.name]
            desk.lost(f"its process {lost.why} while it worked on this frame", at_work=lost.at_work)
            if worker.life.over:
                desk.give_up(f"its process {worker.why}")
            self._wake()

    def _wake(self) -> None:
        self._waiters.wake()
        for bell in self._bells:
            bell.ring()

    def listen(self, bell: Bell) -> None:
        """Ring `bell` from now on whenever a call may be complete."""
        with self._news:
            self._bells.add(bell)

    def hush(self, bell: Bell) -> None:
        """The news that rang `bell` were looked at."""
        with self._news:
            bell.hush()

    def unlisten(self, bell: Bell) -> None:
        """Ring `bell` no more."""
        with self._news:
            self._bells.discard(bell)

    # the end -------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the processes and let go of services elsewhere; whoever waits gets `Closed`. Idempotent."""
        if os.getpid() != self._pid:
            return
        with self._news:
            if self._closed:
                return
            self._closed = True
            self._wake()
            self._waiters.close()
        for name, service in self._services.items():
            service.close(busy=self._calls.desks[name].busy)
        if self._supervisor is not None:
            self._supervisor.close()


def _outcome(reply: Reply, arrays: Sequence[Array]) -> Outcome:
    if reply.error and is_missing(reply.data):
        return Outcome(missing=reply.error)
    return Outcome(reply.data, arrays, reply.error)


def _ready(frame: Frame) -> Frame:
    """Decoded once for all; one that is damaged as it came, since that is for each service to say."""
    try:
        return shared(frame)
    except BadFrame:
        return frame
