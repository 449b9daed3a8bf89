"""Who works on the questions of a service: this thread, or worker processes."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

from framebus.core.bell import Bell
from framebus.core.contracts import Item
from framebus.core.errors import Error
from framebus.core.frame import Array, Identity
from framebus.pool.answers import Named
from framebus.pool.calling import Said, missing
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Lost, Worker
from framebus.pool.worker_job import Job
from framebus.supervise.leases import Leases
from framebus.wire.control import Reply


class Done(NamedTuple):
    """A question, and what to say."""

    item: Item
    said: Said


class Hands(ABC):
    """Works on questions. Used by one thread."""

    @property
    @abstractmethod
    def free(self) -> bool:
        """True when another question can be given. Raises what keeps it from ever working."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """True while a question is being worked on."""

    @abstractmethod
    def give(self, item: Item) -> bool:
        """Work on it; False when nobody is free after all."""

    @abstractmethod
    def finished(self) -> list[Done]:
        """What has been answered since the last time."""

    @abstractmethod
    def fileno(self) -> int:
        """Readable when something may be finished, or somebody may be free."""

    @abstractmethod
    def close(self) -> None:
        """Stop; idempotent."""


class Here(Hands):
    """The function is called in the thread that gives the question."""

    def __init__(self, answering: Callable[[Item], Said]) -> None:
        self._answering = answering
        self._done: list[Done] = []
        self._bell = Bell()

    @property
    def free(self) -> bool:
        return not self._done

    @property
    def busy(self) -> bool:
        return bool(self._done)

    def give(self, item: Item) -> bool:
        self._done.append(Done(item, self._answering(item)))
        self._bell.ring()
        return True

    def finished(self) -> list[Done]:
        done, self._done = self._done, []
        self._bell.hush()
        return done

    def fileno(self) -> int:
        return self._bell.fileno()

    def close(self) -> None:
        self._bell.close()


class InWorkers(Hands):
    """Worker processes, each with one question at a time."""

    def __init__(self, job: Job, count: int) -> None:
        self._workers = [Worker(job, self, among=count) for _ in range(count)]
        self._leases: dict[Worker, Leases[Identity, Item]] = {worker: Leases() for worker in self._workers}
        self._lock = threading.Lock()
        self._done: list[Done] = []
        self._bell = Bell()
        self._closed = False
        self._supervisor = Supervisor(self._workers, "serve")

    @property
    def free(self) -> bool:
        return self._idle() is not None

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._done) or any(map(len, self._leases.values()))

    def give(self, item: Item) -> bool:
        with self._lock:
            worker = self._idle()
            if worker is None:  # it died since we asked
                return False
            self._leases[worker].lend(item.identity, item)
        worker.send(item)
        return True

    def _idle(self) -> Worker | None:
        refusals: list[Error] = []
        for worker, leases in self._leases.items():
            if worker.ready and not leases:
                return worker
            if worker.refusal is not None:
                refusals.append(worker.refusal)
        if len(refusals) == len(self._workers):
            raise refusals[0]
        return None

    def finished(self) -> list[Done]:
        with self._lock:
            done, self._done = self._done, []
            self._bell.hush()
        return done

    def fileno(self) -> int:
        return self._bell.fileno()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._supervisor.close()
            self._bell.close()

    # news: in any thread, partly under a link's lock ---------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """See `Owner`."""
        with self._lock:
            self._bell.ring()

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Owner`."""
        names: Named = [(str(number), array) for number, array in enumerate(arrays)]
        with self._lock:
            item = self._leases[worker].settle(identity)
            if item is not None:
                self._done.append(Done(item, Said(reply.data, names, reply.error)))
            self._bell.ring()

    def lost(self, worker: Worker, lost: Lost) -> None:
        """See `Owner`."""
        with self._lock:
            blamed, _ = self._leases[worker].lose(at_work=lost.at_work)
            if blamed is not None:
                self._done.append(Done(blamed, missing(f"the process that worked on it {lost.why}")))
            self._bell.ring()
