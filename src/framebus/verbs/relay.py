"""A link that passes on what another one brings, and is opened once that one has said what it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from framebus.core.contracts import Done, Item, SourceState
from framebus.core.errors import Closed
from framebus.core.publisher import Publisher
from framebus.core.statistics import Stats


class Relay(Publisher):
    """Opens a publisher with the first frame: only then is known whether the newest matters or every one. Thread-safe.

    Readers that come earlier wait, as for anybody who is not there yet.
    """

    def __init__(self, make: Callable[[], Publisher], where: str, *, listens: bool) -> None:
        self.where = where
        """The address as it was asked for."""
        self.listens = listens
        """True when readers will connect to it."""
        self._make = make
        self._lock = threading.Lock()
        self._made: Publisher | None = None
        self._closed = False
        self._states: Callable[[], Mapping[str, SourceState]] = dict

    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        self._opened().send(image, stream, meta)

    def write(self, item: Item, done: Done) -> None:
        self._opened().write(item, done)

    def tell_states(self, states: Callable[[], Mapping[str, SourceState]]) -> None:
        with self._lock:
            self._states = states
            if self._made is not None:
                self._made.tell_states(states)

    def stats(self) -> Stats:
        return Stats() if self._made is None else self._made.stats()

    def close(self) -> None:
        made = self._last()
        if made is not None:
            made.close()

    def abandon(self) -> None:
        made = self._last()
        if made is not None:
            made.abandon()

    def _place(self) -> str:
        return self.where

    def _opened(self) -> Publisher:
        with self._lock:
            if self._closed:
                raise Closed(f"{self.where}: this publisher is closed")
            if self._made is None:
                self._made = self._make()
                self._made.tell_states(self._states)
            return self._made

    def _last(self) -> Publisher | None:
        with self._lock:
            self._closed = True
            return self._made
