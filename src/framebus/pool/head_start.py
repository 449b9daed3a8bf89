"""Workers that load what they need while the program itself still loads: it has no job for them yet."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import NamedTuple, Self

from framebus.core.errors import Unavailable
from framebus.pool.worker_process import Begun, begin, copied, environment, import_path, memory, one_thread_each
from framebus.supervise.copied import whole


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
MOST_COPIES = 64
"""A copy costs a hundredth of that."""

_OURS_TO_HEED = {signal.SIGINT, signal.SIGTERM}
"""Workers heed them from when they say so, and begin without."""


class HeadStart:
    """In its `with` block the first of so many `workers` begin, and load `module`: whoever starts workers takes these.

    Where this process is whole (see `copied`), it loads `module` itself, and they are copies of it. Those that nobody
    has taken by its end are ended, and so are those that are not done by then. Enter it in a thread that lasts:
    workers are killed when the thread ends that has begun them.
    """

    def __init__(self, workers: int, module: str) -> None:
        self._among = workers
        self._modules = ["framebus.pool.duty", module]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framebus-head-start", daemon=True)

    def __enter__(self) -> Self:
        if self._among:
            with suppress(OSError):  # whoever needs the worker tries again, and says what is wrong
                self._copy()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._among:
            self._thread.join()

    def _copy(self) -> None:
        if not (whole() and one_thread_each(self._among)):
            return
        with _environment(environment(self._among)):
            for module in self._modules:
                with suppress(Exception):  # what cannot be loaded now is told when it is needed
                    import_module(module)
            with _blocked(_OURS_TO_HEED):
                while whole() and len(_shelf.ahead) < min(self._among, MOST_COPIES):
                    _shelf.ahead.append(self._begun(copied, []))

    def _run(self) -> None:
        if not _shelf.ahead:
            self._begin()
        self._over.wait()
        while (left := taken(self._among)) is not None:
            left.end()

    def _begin(self) -> None:
        """In a thread that lasts, too."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, _OURS_TO_HEED)
        with suppress(OSError, Unavailable):
            for _ in range(min(self._among, MOST)):
                if self._over.is_set():
                    return
                ahead = self._begun(partial(begin, self._among), self._modules)
                with _shelf.lock:
                    _shelf.ahead.append(ahead)

    def _begun(self, start: Callable[[int, int], Begun], modules: list[str]) -> Ahead:
        theirs, words = os.pipe()
        try:
            job = memory()
            try:
                begun = start(job, theirs)
            except BaseException:
                os.close(job)
                raise
        except BaseException:
            os.close(words)
            raise
        finally:
            os.close(theirs)
        with suppress(BrokenPipeError):  # it has died already: whoever takes it notices
            os.write(words, json.dumps({"path": import_path(), "load": modules}).encode() + b"\n")
        return Ahead(begun, self._among, job, words)


@contextmanager
def _environment(told: Mapping[str, str]) -> Iterator[None]:
    """Libraries that are loaded meanwhile heed it, and so do copies."""
    new = told.keys() - os.environ.keys()
    os.environ.update(told)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


@contextmanager
def _blocked(numbers: set[signal.Signals]) -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def taken(among: int) -> Ahead | None:
    """One of as many as `among`, if there is one: whoever has it writes its job, then a line."""
    with _shelf.lock:
        return _shelf.ahead.pop(0) if _shelf.ahead and _shelf.ahead[0].among == among else None
