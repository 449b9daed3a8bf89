"""One thread per process that drives what no caller drives: credit, heartbeats, a held newest frame, the end.

Callers in `send()` and `next()` drive their own link, which is the fast path. The reactor notices traffic through the
same descriptors but steps back from links that a caller has just driven, and looks again a little later.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import math
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

NAME = "framebus-reactor"
EARLIER_S = 0.002
ERROR_PAUSE_S = 0.5
"""After an error that should not exist: a log line now and then, not a flood."""

log = logging.getLogger("framebus")


class Driven(Protocol):
    """Something with descriptors and deadlines that needs a turn now and then."""

    scheduled: float
    """When the reactor will look at the latest; owned by the reactor."""

    def hot_until(self, now: float) -> float:
        """A caller is driving it: the reactor may look again at this time (monotonic seconds) instead of now."""
        ...

    def turn(self, now: float) -> float | None:
        """Do what is to be done; when to come again at the latest, or None. Takes its own lock."""
        ...


class Reactor:
    """A selector, a heap of deadlines, a thread. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._commands: deque[Callable[[], object]] = deque()
        self._bell_in, self._bell_out = socket.socketpair()
        self._bell_in.setblocking(False)
        self._bell_out.setblocking(False)
        self._selector.register(self._bell_out, selectors.EVENT_READ, None)
        self._deadlines: list[tuple[float, int, Driven]] = []
        self._count = itertools.count()
        self._disarmed: dict[Driven, set[int]] = {}
        self._descriptors: dict[Driven, set[int]] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self._thread.start()

    def watch(self, driven: Driven, descriptor: int) -> None:
        """Give `driven` a turn whenever `descriptor` becomes readable."""
        self._tell(partial(self._watch, driven, descriptor))

    def unwatch(self, driven: Driven) -> None:
        """Forget `driven`; returns once the reactor will not touch its descriptors again."""
        if threading.current_thread() is self._thread:
            self._unwatch(driven)
            return
        done = threading.Event()
        self._tell(partial(self._unwatch, driven), done.set)
        while not done.wait(0.5) and self._thread.is_alive():
            pass

    def release(self, *driven: Driven, then: Callable[[], object] = lambda: None) -> None:
        """Forget these; `then` runs once their descriptors are no longer watched. They may be watched again at once."""
        self._tell(*(partial(self._unwatch, one) for one in driven), then)

    def remind(self, driven: Driven, at: float) -> None:
        """Give `driven` a turn at `at` at the latest."""
        if at < driven.scheduled - EARLIER_S:
            driven.scheduled = at
            self._tell(partial(self._schedule, driven, at))

    def hasten(self, driven: Driven, now: float) -> None:
        """Give `driven` a turn that was put off for its caller; else its descriptors tell when it is to have one."""
        if driven in self._disarmed:
            self.remind(driven, now)

    def stop(self) -> None:
        """End the thread; nothing is driven any more."""
        self._stopping = True
        self._ring()
        if threading.current_thread() is not self._thread:
            self._thread.join(1.0)

    # inside the thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._once()
            except Exception:
                log.exception("the link thread met an error and goes on; please report it")
                time.sleep(ERROR_PAUSE_S)
        self._selector.close()
        self._bell_in.close()
        self._bell_out.close()

    def _once(self) -> None:
        ready = self._selector.select(self._timeout())
        now = time.monotonic()
        for key, _ in ready:
            if key.data is None:
                self._obey()
            else:
                self._noticed(key.data, key.fd, now)
        while self._deadlines and self._deadlines[0][0] <= now:
            at, _, driven = heapq.heappop(self._deadlines)
            if driven in self._descriptors and at >= driven.scheduled - EARLIER_S:
                self._turn(driven, now)

    def _timeout(self) -> float | None:
        if not self._deadlines:
            return None
        return max(0.0, self._deadlines[0][0] - time.monotonic())

    def _noticed(self, driven: Driven, descriptor: int, now: float) -> None:
        """Traffic: have a turn now, or shortly if a caller is at it. The descriptor rests until then."""
        if descriptor not in self._descriptors.get(driven, ()):
            return  # forgotten while this was being noticed
        self._selector.unregister(descriptor)
        self._disarmed.setdefault(driven, set()).add(descriptor)
        self._turn(driven, now)

    def _turn(self, driven: Driven, now: float) -> None:
        later = driven.hot_until(now)
        if later > now:
            self._schedule(driven, later)
            return
        at: float | None = now + ERROR_PAUSE_S
        try:
            at = driven.turn(now)
        finally:
            self._rearm(driven, at)

    def _rearm(self, driven: Driven, at: float | None) -> None:
        for descriptor in self._disarmed.pop(driven, ()):
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.register(descriptor, selectors.EVENT_READ, driven)
        driven.scheduled = math.inf
        if at is not None and at < math.inf:
            self._schedule(driven, at)

    def _schedule(self, driven: Driven, at: float) -> None:
        driven.scheduled = at
        heapq.heappush(self._deadlines, (at, next(self._count), driven))

    def _watch(self, driven: Driven, descriptor: int) -> None:
        self._descriptors.setdefault(driven, set()).add(descriptor)
        self._selector.register(descriptor, selectors.EVENT_READ, driven)
        self._turn(driven, time.monotonic())

    def _unwatch(self, driven: Driven) -> None:
        resting = self._disarmed.pop(driven, set())
        for descriptor in self._descriptors.pop(driven, set()) - resting:
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.unregister(descriptor)
        self._deadlines = [entry for entry in self._deadlines if entry[2] is not driven]
        heapq.heapify(self._deadlines)

    # telling it --------------------------------------------------------------------------------------------

    def _tell(self, *commands: Callable[[], object]) -> None:
        self._commands.extend(commands)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._bell_in.send(b"!")

    def _obey(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._bell_out.recv(4096):
                pass
        while self._commands:
            self._commands.popleft()()


class _Process:
    """The reactor of this process; a forked child makes its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reactor: Reactor | None = None
        self.inherited: list[Reactor | None] = []

    def forget(self) -> None:
        self.inherited.append(self.reactor)
        self.reactor = None
        self.lock = threading.Lock()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


def reactor() -> Reactor:
    """This process's reactor, started on first use."""
    with _process.lock:
        if _process.reactor is None:
            _process.reactor = Reactor()
        return _process.reactor


def stop() -> None:
    """End this process's reactor, if it has one; used at exit."""
    with _process.lock:
        running, _process.reactor = _process.reactor, None
    if running is not None:
        running.stop()
