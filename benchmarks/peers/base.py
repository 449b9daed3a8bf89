"""What a transport must offer to be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from benchmarks.harness.frames import Array

Send = Callable[[Array], None]
Receive = Callable[[], Array]


@dataclass(frozen=True)
class Wire:
    """Where one sender meets its readers: one loopback port per reader (some transports need only the first)."""

    ports: tuple[int, ...]
    lossless: bool

    @property
    def readers(self) -> int:
        """How many readers there will be."""
        return len(self.ports)

    def address(self, index: int = 0) -> str:
        """The address of port number `index`."""
        return f"tcp://127.0.0.1:{self.ports[index]}"


class Peer(Protocol):
    """One transport. Both methods return a plain function; what it needs lives in its closure."""

    listens: Literal["sender", "receivers", "either"]
    """Which side must be there first."""
    max_window: int
    """More frames in flight than this would be lost or make no difference."""

    lossy: bool
    """True when it loses frames even in lock step: then there is no round trip to measure."""

    def sender(self, wire: Wire) -> Send:
        """A function that sends one frame to every reader of `wire`."""
        ...

    def receiver(self, wire: Wire, index: int) -> Receive:
        """A function that waits for the next frame, as reader number `index`, and returns it as an array."""
        ...
