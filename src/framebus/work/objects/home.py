"""An object in a process of its own, as the process that made it sees it: started, watched, started again."""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import threading
import time
import weakref
from collections.abc import Hashable, Sequence
from typing import Literal

from framebus.core.errors import Closed, Error
from framebus.core.frame import Array, Frame, Identity
from framebus.links import vigil
from framebus.links.leaving import tidy_at_exit
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Lost, Owner, Worker
from framebus.pool.worker_job import Job
from framebus.supervise.restarts import RestartRules
from framebus.wire.control import Reply
from framebus.work.objects.object_channel import Channel, Hearer, look

Restart = Literal["on-failure", "always", "never"]
RESTARTS: tuple[Restart, ...] = ("on-failure", "always", "never")

STEADY_S = 10.0
"""A process that lived so long did its work, also where nobody asked it anything."""
DONE = "ended with exit code 0"

log = logging.getLogger("framebus")


class Resident(Worker):
    """A worker process that holds one object and starts again as its policy says."""

    def __init__(self, job: Job, owner: Owner, restart: Restart) -> None:
        super().__init__(job, owner, rules=RestartRules(attempts=0) if restart == "never" else None)
        self._restart = restart
        self._began = 0.0

    def start(self) -> None:
        """See `Worker`."""
        self._began = time.monotonic()
        super().start()

    def _buried(self, how: str) -> None:
        if how == DONE and self.ready and self._restart != "always":
            self.why = "has ended by itself"
            self.retire()
        elif time.monotonic() - self._began >= STEADY_S:
            self.life.worked()
        over = self.life.over
        super()._buried(how)
        if over:
            self._owner.lost(self, Lost(False, self.why))

    def _heard(self, generation: int, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        if identity == self._first and reply.error:  # whoever only watches it would never know
            first = reply.error.partition("\n")[0]
            log.warning("%s could not be built: %s", self.name, reply.error if self.life.ever_ready else first)
        super()._heard(generation, identity, reply, arrays)

    def _prospects(self, now: float) -> str:
        return "; it is not started again" if self._restart == "never" else super()._prospects(now)


class OwnProcess(Channel):
    """The way to an object in a process of our own. Ends the process when closed, at the latest when this one ends."""

    private = True

    def __init__(self, job: Job, restart: Restart, hearer: Hearer) -> None:
        self.name = job.name
        self._hearer = hearer
        self._connection: int | None = None
        self._starts = itertools.count(1)
        self._ending = ""
        """How the process ended last, as the second half of a sentence."""
        self._closed = False
        self._closing = threading.Lock()
        self._worker = Resident(job, self, restart)
        _remember(self)
        self._supervisor = Supervisor([self._worker], job.name)

    def __str__(self) -> str:
        pid = self._worker.pid
        return f"in process {pid}" if pid else f"its process {self._worker.why}"

    def look(self) -> Hashable | None:
        return self._connection if look(self._worker.publisher) else None

    @property
    def connection(self) -> Hashable | None:
        return self._connection

    def broken(self, connection: Hashable) -> str:
        return self._ending if connection != self._connection and not self._closed else ""

    @property
    def absence(self) -> str:
        return f"{self.name}: its process {self._worker.why}"

    @property
    def over(self) -> Error | None:
        if self._closed:
            return Closed(f"{self.name} is closed: spawn a new one")
        if self._worker.life.over:
            return self._worker.refusal or Closed(f"{self.name}: its process {self._worker.why}: spawn a new one")
        return None

    def send(self, frame: Frame) -> bool:
        publisher = self._worker.publisher
        if publisher is None:
            return False
        try:
            publisher.send(frame)
        except Closed:
            return False
        return True

    def wait(self, bell: int, limit_s: float) -> None:
        publisher = self._worker.publisher
        vigil.wait([] if publisher is None else [publisher], [bell], limit_s)

    def close(self) -> None:
        """End the process: at once if it waits, after two seconds if it is busy."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._hearer.news()
                self._supervisor.close()

    # news: in any thread, partly under the link's lock --------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """See `Owner`."""
        self._connection = next(self._starts)
        self._hearer.news()

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Owner`."""
        self._hearer.heard(identity, reply, arrays)

    def lost(self, worker: Worker, lost: Lost) -> None:
        """See `Owner`."""
        self._ending = f"its process {lost.why}"
        self._connection = None
        self._hearer.news()


_open: weakref.WeakSet[OwnProcess] = weakref.WeakSet()


def _remember(own: OwnProcess) -> None:
    if not _open:
        tidy_at_exit()  # links are closed after their users: what is registered last runs first
        atexit.unregister(_close_all)
        atexit.register(_close_all, os.getpid())
    _open.add(own)


def _close_all(pid: int) -> None:
    if os.getpid() == pid:
        for own in list(_open):
            own.close()
