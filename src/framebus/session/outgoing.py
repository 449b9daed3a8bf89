"""What a session wants done: messages and frames for peers, collected by whoever drives it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Literal, Protocol

import msgspec

from framebus.core.contracts import Item
from framebus.core.frame import Identity, Packet
from framebus.wire.control import Message

Peer = Hashable
"""A carrier's handle for one connection; the session only compares it."""


Verb = Literal["publish", "read", "work", "control", "observe"]


class Rights(Protocol):
    """What a key may do; None stands for everything."""

    def allows(self, verb: Verb, stream: str) -> bool:
        """True when `verb` (publish, read, work, control, observe) is allowed on `stream`."""
        ...

    def reaches(self, verb: Verb, pattern: str) -> bool:
        """True when `verb` is allowed on any stream that `pattern` may name."""
        ...


class Entry:
    """One frame on its way out: counted by the lossless groups that are still owed it."""

    __slots__ = ("done", "fits", "identity", "index", "item", "nbytes", "owners", "parts", "thinned")

    def __init__(self, item: Item, index: int, done: Callable[[], None] | None = None, thinned: int = 0) -> None:
        self.item = item
        self.index = index
        self.identity: Identity = item.identity
        self.nbytes = item.nbytes
        self.thinned = thinned
        self.owners = 0
        self.fits = True
        """True when there was room for it in the retention."""
        self.done = done
        self.parts: Any = None
        """The wire form, made once by the carrier and shared by all readers."""

    @property
    def starts(self) -> bool:
        """True where a reader may begin: any frame, and the key packets of coded video."""
        return not isinstance(self.item, Packet) or self.item.key


class Delivery(msgspec.Struct, frozen=True):
    """One frame for one reader; `thinned` goes into its header."""

    entry: Entry
    thinned: int


Action = Message | Delivery
