"""A worker process as its parent sees it: the private link to it, its life, and what it says."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from framebus.core.contracts import Item
from framebus.core.errors import Closed, Error, OpError, OptionError, Unavailable
from framebus.core.frame import Array, Frame, Identity
from framebus.links.private import adopt_publisher
from framebus.links.publishing import LinkPublisher
from framebus.pool import head_start
from framebus.pool import worker_job as jobs
from framebus.pool.duty import READY
from framebus.pool.worker_job import Job
from framebus.pool.worker_process import Begun, begin, memory
from framebus.supervise.child_process import Process
from framebus.supervise.life import Life
from framebus.supervise.restarts import RestartRules
from framebus.wire.control import Reply

LAST_WORDS_S = 1.0
"""How long what a dead worker said before it died is waited for."""

log = logging.getLogger("framebus")


class Lost(NamedTuple):
    """A worker that is gone, for now or for good."""

    at_work: bool
    """It was working, if it had anything to do; otherwise it was still being built."""
    why: str
    """The second half of a sentence: `was killed by SIGSEGV`."""
    killed: bool = False
    """Somebody else has ended it."""


class Owner(Protocol):
    """Who gives workers work. Called from other threads, partly under a link's lock: be quick, call no worker."""

    def ready(self, worker: Worker) -> None:
        """It is built and takes frames."""
        ...

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """It answered a frame."""
        ...

    def lost(self, worker: Worker, lost: Lost) -> None:
        """It has died, or can never be; what it had will not be answered."""
        ...


class Worker:
    """One worker process and the link to it. `send` from any thread, everything else from the supervisor's."""

    def __init__(self, job: Job, owner: Owner, *, among: int = 1, rules: RestartRules | None = None) -> None:
        """`among`: so many workers share this machine, and the threads that the libraries in each of them start."""
        self.name = job.name
        self.life = Life(rules)
        self._rules = rules or RestartRules()
        self.refusal: Error | None = None
        """Why it can never be, once that is so."""
        self.why = "is starting"
        """What keeps it from answering while it is not ready, as the second half of a sentence."""
        self._job = job
        self._owner = owner
        self._among = among
        self._lock = threading.Lock()
        self._generation = 0
        self._first = Identity(READY, 0, 0)
        self._greeted = False
        self._process: Process | None = None
        self._publisher: LinkPublisher | None = None

    # the owner -----------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """True while it takes frames."""
        return self.life.state == "ready"

    @property
    def pid(self) -> int:
        """Its process id; 0 while there is no process."""
        process = self._process
        return 0 if process is None else process.pid

    def send(self, frame: Item) -> None:
        """Give it a frame; nothing happens where it has just died, which the owner is told."""
        publisher = self._publisher
        if publisher is not None:
            with suppress(Closed):
                publisher.send(frame)

    @property
    def publisher(self) -> LinkPublisher | None:
        """The link to its process, while there is one: whoever waits for answers may drive it."""
        return self._publisher

    def strike(self) -> None:
        """Kill its process, from any thread; the owner is told that it is lost, and it starts again."""
        process = self._process
        if process is not None:
            process.strike()

    # the supervisor ------------------------------------------------------------------------------------------

    @property
    def descriptor(self) -> int | None:
        """Readable once the process has ended."""
        return None if self._process is None else self._process.descriptor

    @property
    def running(self) -> bool:
        """True while there is a process, dead ones that were not noticed yet included."""
        return self._process is not None

    def start(self) -> None:
        """Start the process; it is told what to do, builds it, and says that it is ready."""
        with self._lock:
            self._generation += 1
            self._first = Identity(READY, secrets.randbits(64) or 1, 0)
            self.life.started()
        self._greeted = False
        try:
            self._publisher, self._process = self._begin()
        except (OSError, Closed) as error:
            self._buried(f"cannot be started: {error}")

    def _begin(self) -> tuple[LinkPublisher, Process]:
        process, link = self._ahead() or self._anew()
        return adopt_publisher(link, on_reply=partial(self._heard, self._generation)), process

    def _ahead(self) -> Begun | None:
        """One that has begun to load already."""
        ahead = head_start.taken(self._among)
        if ahead is None:
            return None
        try:
            jobs.write(self._job, ahead.job)
            os.write(ahead.words, b"\n")
        except (OSError, Unavailable):
            ahead.end()
            return None
        ahead.let_go()
        return ahead.begun

    def _anew(self) -> Begun:
        job = memory()
        try:
            jobs.write(self._job, job)
            return begin(self._among, job)
        finally:
            os.close(job)

    @property
    def expected(self) -> bool:
        """True while the process is on its way to the link: `look` every few milliseconds."""
        return self._process is not None and not self._greeted

    def look(self) -> None:
        """Notice it if the process has come to the link, or has ended."""
        if self._publisher is not None and not self._greeted and self._publisher.readers_present():
            self._greeted = True
            self.send(_greeting(self._first))
        if self._process is not None and self._process.ended():
            self._await_last_words()
            self._buried(self._process.ending)

    def _await_last_words(self) -> None:
        """What it answered before it died is read before anybody is blamed for dying."""
        limit = time.monotonic() + LAST_WORDS_S
        while self._publisher is not None and self._publisher.readers_present() and time.monotonic() < limit:
            time.sleep(0.001)

    def _buried(self, how: str) -> None:
        process, self._process = self._process, None
        publisher, self._publisher = self._publisher, None
        if process is not None:
            process.kill()
        if publisher is not None:
            publisher.abandon()
        killed = process is not None and process.killed_by_others
        now = time.monotonic()
        with self._lock:
            if self.life.over:
                return
            at_work = self.ready
            if at_work and not self._rules.at_work_is_useless:
                self.life.worked()
            self.life.died(now, killed=killed)
            self.why = how + self._prospects(now)
            if self.life.start_at is None:
                self.refusal = OpError(f"{self.name}: its process {self.why}")
        log.warning("%s: its process %s", self.name, self.why)
        self._owner.lost(self, Lost(at_work, how, killed))

    def _prospects(self, now: float) -> str:
        if self.life.start_at is None:
            return f", {self.life.deaths} times without any work done: it is not started again"
        wait_s = self.life.start_at - now
        return f"; it starts again in {wait_s:.1f} s" if wait_s > 0.05 else "; it starts again"

    def retire(self) -> None:
        """Nobody needs it any more: a worker that waits ends by itself."""
        with self._lock:
            self.life.stop()
        if self._publisher is not None:
            self._publisher.abandon()
            self._publisher = None

    def kill(self) -> None:
        """It did not end by itself."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    # what it says: in any thread, under the link's lock --------------------------------------------------------

    def _heard(self, generation: int, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        with self._lock:
            if generation != self._generation or self.life.over:
                return
            if identity != self._first:
                self.life.worked()
            elif not reply.error:
                self.life.ready()
            elif not self.life.ever_ready:
                self.life.failed()
                self.refusal = _refusal(self.name, reply)
                self.why = f"could not be built: {reply.error.partition(chr(10))[0]}"
        if identity != self._first:
            self._owner.answered(self, identity, reply, arrays)
        elif not reply.error:
            self._owner.ready(self)
        elif self.refusal is not None:
            self._owner.lost(self, Lost(False, self.why))


def failure(text: str, error: str) -> OpError:
    """The error for what went wrong in another process: `text`, its first line, and the traceback as a note."""
    first, _, trace = error.partition("\n")
    made = OpError(f"{text}: {first}")
    if trace:
        made.add_note(f"in its own process:\n{trace}")
    return made


def _refusal(name: str, reply: Reply) -> Error:
    first = reply.error.partition("\n")[0]
    if isinstance(reply.data, dict) and reply.data.get("option"):
        text = first.removeprefix("OptionError: ")
        return OptionError(text if text.startswith(name) else f"{name}: {text}")
    return failure(f"{name} could not be built", reply.error)


def _greeting(first: Identity) -> Frame:
    return Frame.of(np.zeros((1, 1), np.uint8), stream=first.stream, run=first.run, seq=first.seq)
