"""Somebody who gives workers work and remembers what they say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from framebus.core.frame import Array, Frame, Identity
from framebus.pool.answers import unpack
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Lost, Worker
from framebus.pool.worker_job import Job
from framebus.supervise.restarts import RestartRules
from framebus.wire.control import Reply

PATIENCE_S = 30.0
QUICK = RestartRules(attempts=3, first_delay_s=0.0)


class Remembering:
    """An owner of workers."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        """What happened, in order: `ready`, `lost`, `error`, `answer`."""
        self._news = threading.Condition()

    def ready(self, worker: Worker) -> None:
        """See `Owner`."""
        self._note("ready", worker.pid)

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Owner`."""
        if reply.error:
            self._note("error", reply.error)
        else:
            self._note("answer", unpack(reply.data, arrays))

    def lost(self, worker: Worker, lost: Lost) -> None:
        """See `Owner`."""
        self._note("lost", lost)

    def _note(self, what: str, value: Any) -> None:
        with self._news:
            self.said.append((what, value))
            self._news.notify_all()

    def all(self, what: str) -> list[Any]:
        """All that was said of that kind."""
        return [value for kind, value in list(self.said) if kind == what]

    def wait(self, what: str, count: int = 1) -> Any:
        """The `count`th thing of that kind, once it was said."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.all(what)) >= count, PATIENCE_S), self.said
        return self.all(what)[count - 1]


@contextmanager
def worker(target: str | Callable[..., Any], name: str = "seg") -> Iterator[tuple[Worker, Remembering]]:
    """One worker process under supervision."""
    owner = Remembering()
    one = Worker(Job.of(name, target), owner, rules=QUICK)
    supervisor = Supervisor([one], "test")
    try:
        yield one, owner
    finally:
        supervisor.close()


def frame(number: int = 0, value: int = 0) -> Frame:
    """A small picture of one brightness."""
    return Frame.of(np.full((4, 6), value, np.uint8), stream="cam", run=5, seq=number)
