"""A maker running in a thread of its own, and what waits between it and whoever reads."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator

from framebus.core.bell import Bell
from framebus.core.contracts import Item, Maker, Reporting
from framebus.core.errors import Closed, Timeout

log = logging.getLogger(__name__)

QUEUE_FRAMES = 8
QUEUE_BYTES = 64_000_000
JOIN_S = 5.0


class Waiting(ABC):
    """What the capture thread puts frames into and the reader takes them from; guarded by the capture's lock."""

    @abstractmethod
    def full(self) -> bool:
        """Whether the maker has to wait."""

    @abstractmethod
    def put(self, item: Item) -> None:
        """Take in one more."""

    @abstractmethod
    def pop(self) -> Item | None:
        """The one that waited longest, or None."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are to pop."""


class Newest(Waiting):
    """One frame of each stream, the newest; what it replaced is counted in its `missed`."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}

    def full(self) -> bool:
        return False

    def put(self, item: Item) -> None:
        replaced = self._items.get(item.stream)
        if replaced is not None:
            item = item.replace(missed=item.missed + replaced.missed + 1)
        self._items[item.stream] = item  # in the place of the one it replaced, so that no stream starves another

    def pop(self) -> Item | None:
        return self._items.pop(next(iter(self._items))) if self._items else None

    def __len__(self) -> int:
        return len(self._items)


class Every(Waiting):
    """Every frame, up to 8 or 64 MB and at least one; beyond that the maker waits."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._bytes = 0

    def full(self) -> bool:
        return len(self._items) >= QUEUE_FRAMES or self._bytes >= QUEUE_BYTES

    def put(self, item: Item) -> None:
        self._items.append(item)
        self._bytes += item.nbytes

    def pop(self) -> Item | None:
        if not self._items:
            return None
        item = self._items.popleft()
        self._bytes -= item.nbytes
        return item

    def __len__(self) -> int:
        return len(self._items)


class Capture:
    """Iterates a maker in a thread from the first use on. One thread takes; any thread may close."""

    def __init__(self, maker: Maker, waiting: Waiting, admit: Callable[[Item], Item | None]) -> None:
        self._maker = maker
        self._waiting = waiting
        self._admit = admit
        self._changed = threading.Condition()
        self._bell = Bell()
        self._thread: threading.Thread | None = None
        self._ended = False
        self._closed = False
        self._error: Exception | None = None

    def fileno(self) -> int:
        """Readable while `take(0)` would return or raise something other than `Timeout`."""
        self.start()
        return self._bell.fileno()

    def start(self) -> None:
        """Begin capturing; does nothing the second time."""
        with self._changed:
            if self._thread is None and not self._closed:
                name = f"framebus capture {self._maker.name}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def take(self, timeout: float | None) -> Item | None:
        """The next frame, None at the end; raises what the maker raised, `Timeout`, or `Closed`."""
        self.start()
        with self._changed:
            if not self._changed.wait_for(self._settled, timeout):
                raise Timeout(f"no frame from {self._maker.name} within {timeout or 0:g} s{self._why()}")
            if self._closed:
                raise Closed(f"{self._maker.name} was closed while somebody read it")
            item = self._waiting.pop()
            if item is None and self._error is not None:
                raise self._error
            if not self._waiting and not self._ended:
                self._bell.hush()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Stop the maker, wake whoever waits, wait for the thread; idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._maker.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)
            if self._thread.is_alive():
                log.warning("%s does not stop: its thread is left behind", self._maker.name)
        with self._changed:
            self._bell.close()

    def _why(self) -> str:
        """What is wrong with a camera, where it is one and something is."""
        state = self._maker.state if isinstance(self._maker, Reporting) else None
        return f" (the camera is {state.state}: {state.why})" if state is not None and state.why else ""

    def _settled(self) -> bool:
        return self._closed or self._ended or len(self._waiting) > 0

    def _run(self) -> None:
        error = None
        try:
            self._iterate(iter(self._maker))
        except Exception as raised:  # whatever it is, it is raised again where the frames are read
            error = raised
        with self._changed:
            self._error, self._ended = error, True
            self._bell.ring()
            self._changed.notify_all()

    def _iterate(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                if (admitted := self._admit(item)) is not None and not self._offer(admitted):
                    return
        finally:
            if (close := getattr(items, "close", None)) is not None:
                close()  # a generator's own finally blocks run here and now, not when it is collected

    def _offer(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._waiting.full())
            if self._closed:
                return False
            self._waiting.put(item)
            self._bell.ring()
            self._changed.notify_all()
            return True
