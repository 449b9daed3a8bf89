"""Starts worker processes, notices when one dies, starts it again, and sees to it that none is left."""

from __future__ import annotations

import select
import signal
import threading
import time
from collections.abc import Sequence

from framebus.core.bell import Bell
from framebus.pool.worker_handle import Worker

GRACE_S = 2.0
"""How long workers may take to end by themselves before they are killed."""
LOOK_S = 0.05
"""How often to look where the system does not tell that a process has ended."""
GREET_S = 0.005
"""How often to look whether a process that was started has come to its link."""


class Supervisor:
    """Looks after workers in a thread of its own, for as long as they are needed.

    The thread starts them, and they are killed should it end without them (as it does with this process).
    """

    def __init__(self, workers: Sequence[Worker], name: str) -> None:
        self._workers = list(workers)
        self._bell = Bell()
        self._closing = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"framebus-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all workers: those that wait at once, those that are busy after `GRACE_S`. Idempotent, thread-safe."""
        with self._lock:
            self._closing = True
            self._bell.ring()
        self._thread.join()
        self._bell.close()

    def _run(self) -> None:
        _block_interrupts()
        while not self._closing:
            now = time.monotonic()
            for worker in self._workers:
                if worker.life.due(now):
                    worker.start()
            self._sleep(min(_starts(self._workers), default=None))
            for worker in self._workers:
                worker.look()
        self._end()

    def _end(self) -> None:
        for worker in self._workers:
            worker.retire()
        limit = time.monotonic() + GRACE_S
        while any(worker.running for worker in self._workers) and time.monotonic() < limit:
            self._sleep(limit, for_bell=False)
            for worker in self._workers:
                worker.look()
        for worker in self._workers:
            worker.kill()

    def _sleep(self, until: float | None, *, for_bell: bool = True) -> None:
        """Until a process has ended, somebody rings, or the time is `until`."""
        poll = select.poll()
        if for_bell:
            poll.register(self._bell.fileno(), select.POLLIN)
        waits_s = [] if until is None else [max(0.0, until - time.monotonic())]
        for worker in self._workers:
            if worker.descriptor is not None:
                poll.register(worker.descriptor, select.POLLIN)
            elif worker.running:
                waits_s.append(LOOK_S)
            if worker.expected:
                waits_s.append(GREET_S)
        poll.poll(min(waits_s) * 1000 + 1 if waits_s else None)


def _block_interrupts() -> None:
    """Workers inherit this thread's signal mask: a Ctrl-C, or an end asked for, while they start reaches no worker."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def _starts(workers: Sequence[Worker]) -> list[float]:
    return [worker.life.start_at for worker in workers if worker.life.start_at is not None]
