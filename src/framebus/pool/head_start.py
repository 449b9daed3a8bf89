"""Workers that load what they need while the program itself still loads: it has no job for them yet."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from framebus.core.errors import Unavailable
from framebus.pool.worker_process import Begun, begin, import_path, memory


class Ahead(NamedTuple):
    """A process that waits to be told its job: in the memory `job`, once a line is written to `words`."""

    begun: Begun
    among: int
    job: int
    words: int

    def end(self) -> None:
        """It is not needed."""
        self.let_go()
        self.begun.link.close()
        self.begun.process.kill()

    def let_go(self) -> None:
        """Close what is needed to tell it its job, and no more."""
        os.close(self.job)
        os.close(self.words)


class _Shelf:
    """Those that nobody has taken yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ahead: list[Ahead] = []

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.ahead = []


_shelf = _Shelf()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shelf.forget)


MOST = 4
"""Of many workers so many begin ahead, lest there be many for nothing where there is nothing to do."""


class HeadStart:
    """In its `with` block the first of so many `workers` begin, and load `module`: whoever starts workers takes these.

    Those that nobody has taken by its end are ended, and so are those that are not done by then.
    """

    def __init__(self, workers: int, module: str) -> None:
        self._among = workers
        self._count = min(workers, MOST)
        self._modules = ["framebus.pool.duty", module]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framebus-head-start", daemon=True)

    def __enter__(self) -> Self:
        if self._count:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._count:
            self._thread.join()

    def _run(self) -> None:
        """In a thread that lasts: workers are killed when the thread ends that has begun them."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        with suppress(OSError, Unavailable):  # whoever needs the worker tries again, and says what is wrong
            for _ in range(self._count):
                if self._over.is_set():
                    break
                ahead = self._begin()
                with _shelf.lock:
                    _shelf.ahead.append(ahead)
        self._over.wait()
        while (left := taken(self._among)) is not None:
            left.end()

    def _begin(self) -> Ahead:
        theirs, words = os.pipe()
        try:
            job = memory()
            try:
                begun = begin(self._among, job, theirs)
            except BaseException:
                os.close(job)
                raise
        except BaseException:
            os.close(words)
            raise
        finally:
            os.close(theirs)
        os.write(words, json.dumps({"path": import_path(), "load": self._modules}).encode() + b"\n")
        return Ahead(begun, self._among, job, words)


def taken(among: int) -> Ahead | None:
    """One of as many as `among`, if there is one: whoever has it writes its job, then a line."""
    with _shelf.lock:
        return _shelf.ahead.pop(0) if _shelf.ahead and _shelf.ahead[0].among == among else None
