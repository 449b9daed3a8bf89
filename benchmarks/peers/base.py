"""What a transport must offer to be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from benchmarks.harness.frames import Array

Send = Callable[[Array], object]
Receive = Callable[[], Array]


@dataclass(frozen=True)
class Wire:
    """Where one sender meets its readers: one loopback port per reader (some transports need only the first)."""

    ports: tuple[int, ...]
    lossless: bool
    folder: str = ""
    """Where unix sockets are made; empty for TCP."""
    inherited: Any = None
    """What a peer that `Prepares` made for both sides."""

    @property
    def readers(self) -> int:
        """How many readers there will be."""
        return len(self.ports)

    def address(self, index: int = 0) -> str:
        """The address of port number `index`."""
        if self.folder:
            return f"ipc://{self.folder}/{self.ports[index]}"
        return f"tcp://127.0.0.1:{self.ports[index]}"

    @property
    def name(self) -> str:
        """A name that no other link has just now."""
        return f"bench-{self.ports[0]}"


class Peer(Protocol):
    """One transport. Both methods return a plain function; what it needs lives in its closure."""

    listens: Literal["sender", "receivers", "either"]
    """Which side must be there first."""
    max_window: int = 64
    """More frames in flight than this would be lost or make no difference."""
    lossy: bool = False
    """True when it loses frames even in lock step: then there is no round trip to measure."""

    def sender(self, wire: Wire) -> Send:
        """A function that sends one frame to every reader of `wire`."""
        ...

    def receiver(self, wire: Wire, index: int) -> Receive:
        """A function that waits for the next frame, as reader number `index`, and returns it as an array."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """A peer whose two sides inherit something from the process that starts both, as `multiprocessing` wants it."""

    def prepare(self, wire: Wire) -> Any:
        """Make what both sides will find in `wire.inherited`."""
        ...

    def discard(self, inherited: Any) -> None:
        """Remove it, after both sides have ended."""
        ...


_WHOLE = 8
"""Frames of the warm-up whose pixels are really written in place: memory that nothing wrote to is no memory."""


def stamp(place: Array, frame: Array) -> None:
    """Give a place the number of `frame`: what a peer does instead of copying when frames are made in place."""
    number = frame.reshape(-1)[:8].view(np.uint64)
    if number[0] <= _WHOLE:
        np.copyto(place, frame)
    else:
        place.reshape(-1).view(np.uint64)[:: place.size // 8 - 1] = number
