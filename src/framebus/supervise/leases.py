"""Work that is with a worker: in the order in which it was given, until it is settled or the worker is lost. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Leases(Generic[K, V]):
    """What one worker has; it works on one piece after the other, in order."""

    def __init__(self) -> None:
        self._out: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._out)

    def __iter__(self) -> Iterator[V]:
        return iter(self._out.values())

    def lend(self, key: K, work: V) -> None:
        """The worker gets `work`; raises `KeyError` when it has that already."""
        if key in self._out:
            raise KeyError(key)
        self._out[key] = work

    def settle(self, key: K) -> V | None:
        """The worker is finished with it; None where it does not have it, as with a late second answer."""
        return self._out.pop(key, None)

    def lose(self, *, at_work: bool) -> tuple[V | None, list[V]]:
        """The worker is lost: the piece it was working on, where it was `at_work`, and those it had not begun."""
        rest = list(self._out.values())
        self._out.clear()
        blamed = rest.pop(0) if at_work and rest else None
        return blamed, rest
