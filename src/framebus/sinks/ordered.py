"""Work done by several threads, finished in order by one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from framebus.core.cores import cores

T = TypeVar("T")
U = TypeVar("U")


class Ordered(Generic[T, U]):
    """`prepare` runs in as many threads as this process may use cores, `finish` in one, in the order of `put`.

    Twice as many are inside as there are cores; `put` waits then. What goes wrong is raised by the next `put` or by
    `close`, and nothing is finished after it. One thread puts and closes.
    """

    def __init__(
        self, prepare: Callable[[T], U], finish: Callable[[T, U], None], *, workers: int | None = None
    ) -> None:
        workers = workers or cores()
        self._prepare, self._finish = prepare, finish
        self._room = Semaphore(2 * workers)
        self._pool = ThreadPoolExecutor(workers, "framebus compress")
        self._begun: SimpleQueue[tuple[T, Future[U]] | None] = SimpleQueue()
        self._error: Exception | None = None
        self._closed = False
        self._thread = Thread(target=self._run, name="framebus write", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Begin with one more; raises what went wrong with an earlier one."""
        self._room.acquire()
        if self._error is not None:
            self._room.release()
            raise self._error
        self._begun.put((item, self._pool.submit(self._prepare, item)))

    def close(self) -> None:
        """Wait for all; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._begun.put(None)
        self._thread.join()
        self._pool.shutdown()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (begun := self._begun.get()) is not None:
            item, prepared = begun
            try:
                if self._error is None:
                    self._finish(item, prepared.result())
            except Exception as error:  # raised again where the caller is
                self._error = error
            del item, begun, prepared  # so that nobody waits for this frame's memory
            self._room.release()
