"""The three seams people extend: what makes frames, what takes them, what encodes them.

Plug-ins implement these shapes (no base class is needed) and are found by name in `framebus.core.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol, runtime_checkable

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core.frame import Coded, Frame, Packet

Item = Frame | Packet
Done = Callable[[], None]
Packets = bool | Literal["prefer"]
"""Whether a camera gives coded packets: True, or nothing else will do; `prefer`, but pictures where it has none."""


@runtime_checkable
class Maker(Protocol):
    """Makes frames on this machine: a camera, a file, a folder, a test picture.

    `fb.open` wraps it: the newest frame only where `live`, every frame otherwise, in the caller's thread
    unless somebody needs to wait elsewhere. A maker paces itself and sets `seq`, `run` and capture times.
    """

    live: bool
    """True when frames come by themselves and the newest matters; False when every frame is wanted."""
    name: str
    """The stream name frames carry unless the user gives another."""

    def __iter__(self) -> Iterator[Item]:
        """Frames until the end; blocks while there is none. Iterated once, in one thread."""
        ...

    def close(self) -> None:
        """Stop and free everything; may be called from any thread, at any time, more than once."""
        ...


class SourceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How something is from which pictures should come by themselves: a camera, or a link. JSON-able."""

    state: Literal["live", "stalled", "away"]
    """`live`: pictures come; `stalled`: connected, but none comes; `away`: not connected, it is tried again."""
    why: str = ""
    """The reason in words, credentials redacted; empty while it is live."""
    since_ns: int = 0
    """UTC nanoseconds since 1970 at which this state began."""
    reconnects: int = 0
    """How often the connection was made again so far."""


@runtime_checkable
class Reporting(Protocol):
    """What a maker may have besides: it knows how its camera is. Read from any thread."""

    @property
    def state(self) -> SourceState:
        """How it is now."""
        ...


@runtime_checkable
class Unhurried(Protocol):
    """What a maker, or one connection of a camera, may have besides: it saves work where nobody waits for its items."""

    def hurry(self, wanted: bool) -> None:
        """See `Source.hurry`. Called from any thread, more than once with the same."""
        ...


@runtime_checkable
class Sink(Protocol):
    """Takes frames: a folder, a file, a window, a link.

    One that has read all pixels of a frame whenever `write` returns may have the attribute `at_once = True`: arrays
    that a program sends, and uses again, are then not copied for it.
    """

    keep: str | None
    """`all` for what ends on disk, `latest` for what is looked at, None to follow the source."""
    group: str | None
    """The durable name under which a link source keeps frames for this sink across restarts, or None."""

    def write(self, item: Item, done: Done) -> None:
        """Take one; call `done()` once it is where it belongs (on disk, or with the next reader).

        Raises `Unavailable` when the place cannot take it (full disk, folder removed); what is written stays.
        """
        ...

    def close(self) -> None:
        """Finish and free everything; idempotent."""
        ...


@runtime_checkable
class Encoding(Protocol):
    """Turns one array into self-contained bytes and back."""

    name: str
    lossless: bool

    def encode(self, array: npt.NDArray[np.generic], format: str) -> Coded:
        """Encode; raises `BadFrame` when it cannot hold such an array, naming an encoding that can."""
        ...

    def decode(
        self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[np.generic], format: str
    ) -> npt.NDArray[np.generic]:
        """Decode to exactly `shape` and `dtype`; raises `BadFrame` otherwise, before allocating pixels."""
        ...
