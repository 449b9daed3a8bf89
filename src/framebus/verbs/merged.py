"""Several sources in one loop."""

from __future__ import annotations

import selectors
import threading
import time
from collections import deque
from collections.abc import Sequence

from framebus.core.bell import Bell
from framebus.core.contracts import Item, SourceState
from framebus.core.errors import Closed, Timeout
from framebus.core.source import Source
from framebus.core.statistics import Stats


class MergedSource(Source[Item]):
    """Frames of several sources as they come, each source getting its turn; ends when all of them ended."""

    def __init__(self, sources: Sequence[Source[Item]], timeout: float | None = None) -> None:
        super().__init__(timeout)
        self.sources: tuple[Source[Item], ...] = tuple(sources)
        self._lock = threading.Lock()
        self._reading = threading.RLock()  # held while somebody waits on the descriptors that `close` takes away
        self._given: dict[int, tuple[Item, Source[Item]]] = {}
        self._ready: deque[Source[Item]] = deque()
        self._running = set(sources)
        self._unheard = list(sources)
        """Those whose descriptors were not asked for yet: some open their link for that."""
        self._bell = Bell()  # rings at the end and on close
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell.fileno(), selectors.EVENT_READ, None)

    def _join(self, source: Source[Item]) -> None:
        """One more source from now on."""
        self._hear(source)
        self.sources = (*self.sources, source)
        self._running.add(source)

    def _hear(self, source: Source[Item]) -> None:
        self._selector.register(source.fileno(), selectors.EVENT_READ, source)

    def _hear_all(self) -> None:
        """Before anybody waits; under the lock, so that nobody closes them meanwhile."""
        with self._lock:
            while self._unheard and not self._closed:
                self._hear(self._unheard[0])
                del self._unheard[0]

    def _ended(self) -> bool:
        return not self._running

    @property
    def live(self) -> bool:
        """True where any of them is."""
        return any(source.live for source in self.sources)

    def take(self, timeout: float | None) -> Item | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._reading:
            self._hear_all()
            while not self._closed:
                item = self._take_ready()
                if item is not None or self._ended():
                    return item
                self._wait(deadline)
        raise Closed("this source was closed: open it again to read on")

    def done(self, item: Item) -> None:
        with self._lock:
            given = self._given.pop(id(item), None)
        if given is not None:
            given[1].done(item)

    @property
    def lossless(self) -> bool:
        return any(source.lossless for source in self.sources)

    def owes(self, item: Item) -> bool:
        with self._lock:
            given = self._given.get(id(item))
        return given is not None and given[1].owes(item)

    def shared(self, stream: str) -> bool:
        return any(source.shared(stream) for source in self.sources)

    def fileno(self) -> int:
        self._hear_all()
        return self._selector.fileno()  # epoll and kqueue are descriptors themselves

    def stats(self) -> Stats:
        together = Stats()
        for number, source in enumerate(self.sources, 1):
            for name, stream in list(source.stats().streams.items()):
                together.streams[f"{name}#{number}" if name in together.streams else name] = stream
        return together

    def states(self) -> dict[str, SourceState]:
        together: dict[str, SourceState] = {}
        for source in self.sources:
            for name, state in source.states().items():
                if name not in together or state.state == "live":  # where one gives it, it comes
                    together[name] = state
        return together

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._bell.ring()
        for source in self.sources:
            source.close()
        with self._reading:
            self._selector.close()
            self._bell.close()

    def _place(self) -> str:
        return ", ".join(source._place() for source in self.sources)

    def _take_ready(self) -> Item | None:
        while self._ready:
            source = self._ready.popleft()
            try:
                item = source.take(0)
            except Timeout:  # readable, but what was there is gone: not an error
                continue
            except Closed:
                if source in self._running:
                    raise
                continue  # it was retired meanwhile
            if item is not None:
                self._ready.append(source)  # asked again, behind the others: a link sends only to who asked
                with self._lock:
                    self._given[id(item)] = (item, source)
                return item
            self._retire(source)
        return None

    def _retire(self, source: Source[Item]) -> None:
        """One source less; more than once, and from any thread."""
        with self._lock:
            if source not in self._running:
                return
            self._selector.unregister(source.fileno())
            self._running.discard(source)
        if self._ended():
            self._bell.ring()

    def _wait(self, deadline: float | None) -> None:
        """Fill `_ready` with what can be read, each source once; raises `Timeout` at the deadline."""
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        events = self._selector.select(remaining)
        self._ready.extend(key.data for key, _ in events if key.data is not None)
        if not events:
            raise Timeout(f"no frame came from any of {len(self._running)} sources in time: is anybody publishing?")
