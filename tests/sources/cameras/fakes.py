"""Feeds for tests: every picture comes when the test says so."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np

from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.errors import Unavailable
from framebus.core.frame import Frame, Packet
from framebus.sources.cameras.camera_feed import arrived_now

PATIENCE_S = 20.0


def picture(number: int = 0) -> Frame:
    """A gray frame without identity that shows its number."""
    return Frame(content=np.full((4, 6), number % 256, np.uint8), format="gray8", **arrived_now())


def packet(number: int = 0, *, key: bool = False, missed: int = 0) -> Packet:
    """A packet that nothing can decode."""
    data = memoryview(b"\0\0\0\1" + bytes([number % 256]))
    return Packet(data=data, codec="h264", key=key, pts=number, dts=number, missed=missed, **arrived_now())


class FakeFeed:
    """Gives what the test puts in; an exception is raised, None ends it."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.hurried: list[bool] = []
        """What it was told."""
        self._items: queue.Queue[Item | Exception | None] = queue.Queue()

    def put(self, *items: Item | Exception | None) -> None:
        """Let these come."""
        for item in items:
            self._items.put(item)

    def __iter__(self) -> Iterator[Item]:
        while not self.closed.is_set() and (item := self._items.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def hurry(self, wanted: bool) -> None:
        self.hurried.append(wanted)

    def close(self) -> None:
        self.closed.set()
        self._items.put(None)


class Cameras:
    """`connect` for a keeper: each call gives the next feed, or raises what stands in its place."""

    def __init__(self, *script: FakeFeed | Exception) -> None:
        self._script = list(script)
        self.calls = 0
        self.called = threading.Semaphore(0)

    def __call__(self) -> FakeFeed:
        self.calls += 1
        self.called.release()
        found = self._script.pop(0) if self._script else Unavailable("nobody is there")
        if isinstance(found, Exception):
            raise found
        return found


class Steady:
    """A feed of `count` pictures at once, and then nothing, until it is closed."""

    def __init__(self, count: int, make: Callable[[int], Item] = picture) -> None:
        self._count = count
        self._make = make
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Item]:
        for number in range(self._count):
            if self._closed.is_set():
                return
            yield self._make(number)
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()


class Clock:
    """Stands for `framebus.core.clock` where pauses would be waited for."""

    def __init__(self) -> None:
        self.now_ns = clock.mono_ns()

    def mono_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return self.now_ns
