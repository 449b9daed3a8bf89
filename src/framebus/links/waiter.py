"""One descriptor that is readable while any of many sockets wants attention: epoll, or kqueue where that is."""

from __future__ import annotations

import select
import sys
from typing import Protocol

READ, WRITE = 1, 4  # as epoll numbers them
MAX_EVENTS = 256


class Waiter(Protocol):
    """Level-triggered: what was not dealt with is told again."""

    def fileno(self) -> int:
        """Readable while `ready()` would tell something; other waiters may wait on it."""
        ...

    def watch(self, descriptor: int, wanted: int) -> None:
        """Tell when `descriptor` can be read (`READ`), or also written (`READ | WRITE`)."""
        ...

    def change(self, descriptor: int, wanted: int) -> None:
        """From now on `wanted`."""
        ...

    def forget(self, descriptor: int) -> None:
        """No more; before it is closed."""
        ...

    def ready(self) -> list[int]:
        """Descriptors that want attention now."""
        ...

    def close(self) -> None:
        """Give the descriptor back."""
        ...


def available() -> bool:
    """True where the system has such a thing (not on Windows)."""
    return hasattr(select, "epoll") or hasattr(select, "kqueue")


if sys.platform == "linux":

    class Epoll:
        """Linux."""

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self.fileno = self._epoll.fileno
            self.watch = self._epoll.register
            self.change = self._epoll.modify
            self.forget = self._epoll.unregister
            self.close = self._epoll.close

        def ready(self) -> list[int]:
            return [descriptor for descriptor, _ in self._epoll.poll(0)]

    def waiter() -> Waiter:
        """A new one."""
        return Epoll()

else:

    class Kqueue:
        """macOS and the BSDs; written from their manuals, not tried."""

        def __init__(self) -> None:
            self._kqueue = select.kqueue()
            self._writing: set[int] = set()
            self.fileno = self._kqueue.fileno
            self.close = self._kqueue.close

        def watch(self, descriptor: int, wanted: int) -> None:
            self._set(descriptor, select.KQ_FILTER_READ, select.KQ_EV_ADD)
            self.change(descriptor, wanted)

        def change(self, descriptor: int, wanted: int) -> None:
            writes = bool(wanted & WRITE)
            if writes and descriptor not in self._writing:
                self._writing.add(descriptor)
                self._set(descriptor, select.KQ_FILTER_WRITE, select.KQ_EV_ADD)
            elif not writes and descriptor in self._writing:
                self._writing.discard(descriptor)
                self._set(descriptor, select.KQ_FILTER_WRITE, select.KQ_EV_DELETE)

        def forget(self, descriptor: int) -> None:
            self.change(descriptor, READ)
            self._set(descriptor, select.KQ_FILTER_READ, select.KQ_EV_DELETE)

        def ready(self) -> list[int]:
            events = self._kqueue.control(None, MAX_EVENTS, 0)
            return list(dict.fromkeys(event.ident for event in events))

        def _set(self, descriptor: int, filter: int, flags: int) -> None:
            self._kqueue.control([select.kevent(descriptor, filter, flags)], 0, 0)

    def waiter() -> Waiter:
        """A new one."""
        return Kqueue()
