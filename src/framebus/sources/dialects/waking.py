"""What makers that wait for the network have in common: closing them wakes them, from any thread, at any time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import zmq

from framebus.core.bell import Bell
from framebus.core.contracts import Item
from framebus.links import owned
from framebus.links.old_sockets import Station

EXIT_S = 1.0


class Waking:
    """A maker whose iteration waits on sockets and on a bell. `_step` gives what has come, or nothing.

    The sockets are used while `_busy` is held, so that nobody takes them away at exit while a thread waits on them.
    """

    live = True
    waits = True
    """Iterating it waits for the network, so it is not done in the thread of whoever reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._bell: Bell | None = Bell()
        self._changed = threading.Lock()
        self._busy = threading.Lock()
        self._closed = False
        self._begun = False
        self._over = False
        owned.add(self)

    def __iter__(self) -> Iterator[Item]:
        with self._changed:
            if self._closed or self._begun:
                return
            self._begun = True
        try:
            yield from self._items()
        finally:
            with self._busy:
                self._leave()
            self._forget_bell()

    def close(self) -> None:
        """End the iteration, wherever it is; idempotent."""
        with self._changed:
            self._closed = True
            if self._bell is not None:
                self._bell.ring()
            begun = self._begun
        if not begun:
            self._forget_bell()

    def shut(self, why: str) -> None:
        """The process is ending."""
        self.close()
        if self._busy.acquire(timeout=EXIT_S):
            self._busy.release()

    def disown(self) -> None:
        """In a forked child: this is the parent's."""
        self._changed, self._busy = threading.Lock(), threading.Lock()
        self._closed = True

    def _items(self) -> Iterator[Item]:
        while not (self._closed or self._over):
            try:
                with self._busy:
                    item = self._step()
            except zmq.ContextTerminated:
                return
            if item is not None:
                yield item

    def _sleep(self, station: Station, until: float, *, room: bool = False) -> None:
        bell = self._bell
        if bell is not None and not self._closed:
            station.wait(bell.fileno(), until, room=room)

    def _step(self) -> Item | None:
        """What has come, or nothing after a short wait; sets `_over` at the end."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Free the sockets."""
        raise NotImplementedError

    def _forget_bell(self) -> None:
        with self._changed:
            if self._bell is not None:
                self._bell.close()
                self._bell = None
