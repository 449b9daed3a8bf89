"""A feed around something that blocks: it is driven in a thread of its own, which may be left behind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from framebus.core.contracts import Item
from framebus.core.errors import Unavailable

LINGER_S = 0.4
"""For devices of this machine, which one program at a time may use."""
WAITING = 4
"""Items that may wait, few, since they grow old; who is slower holds the camera up, which then drops by itself."""


class PumpedFeed:
    """Items of `items`, an iterator that may block for long and is closed by `release` once it returned.

    `close` waits `linger_s` for it, so that a device is free when somebody opens it again, and no longer: what blocks
    ends by itself, and then frees what it holds.
    """

    def __init__(
        self,
        items: Iterator[Item],
        release: Callable[[], None],
        *,
        deadline_s: float,
        name: str,
        linger_s: float = 0.0,
    ) -> None:
        self._items = items
        self._release = release
        self._deadline_s = deadline_s
        self._name = name
        self._linger_s = linger_s
        self._waiting: deque[Item] = deque()
        self._changed = threading.Condition()
        self._ended = self._closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._pump, name=f"framebus camera {name}", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        """Items as they come; raises `Unavailable` where none came for the deadline, and what `items` raised."""
        while (item := self._next()) is not None:
            yield item

    def close(self) -> None:
        """End the iteration at once; more than once is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._linger_s and self._thread is not threading.current_thread():
            self._thread.join(self._linger_s)

    def _next(self) -> Item | None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting or self._ended or self._closed, self._deadline_s):
                raise Unavailable(f"{self._name} sent no picture for {self._deadline_s:g} s")
            if self._closed:
                return None
            if self._waiting:
                item = self._waiting.popleft()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            return None

    def _pump(self) -> None:
        error: Exception | None = None
        try:
            for item in self._items:
                if not self._offer(item):
                    break
        except Exception as raised:  # raised again where the items are read
            error = raised
        finally:
            self._release()
        with self._changed:
            self._error, self._ended = error, True
            self._changed.notify_all()

    def _offer(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < WAITING)
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify_all()
            return not self._closed
