"""What a session wants done: messages and frames for peers, collected by whoever drives it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Literal, Protocol

import msgspec

from framebus.core.contracts import Item
from framebus.core.frame import Identity
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


class Owner(Protocol):
    """Who is owed frames, as whoever keeps them sees it."""

    name: str
    want: tuple[str, ...]
    max_fps: float
    exclusive: bool

    def thinned_before(self, entry: Entry) -> int:
        """How many frames before `entry` were never meant for it."""
        ...

    def settled(self, stream: str, run: int) -> tuple[int, int] | None:
        """The last frame of that run that it acknowledged, and how many before were not meant for it."""
        ...

    def give_up(self, entry: Entry) -> None:
        """It will not get `entry`: that is counted."""
        ...


class Entry:
    """One frame on its way out: kept for the lossless groups that are still owed it."""

    __slots__ = (
        "_item", "done", "first", "fits", "identity", "index", "lent", "nbytes", "owners", "packet", "parts", "place",
        "starts", "thinned",
    )  # fmt: skip

    def __init__(
        self,
        identity: Identity,
        index: int,
        nbytes: int,
        *,
        packet: bool = False,
        starts: bool = True,
        thinned: int = 0,
        first: int = 0,
        item: Item | None = None,
        done: Callable[[], None] | None = None,
        place: Any = None,
    ) -> None:
        self.identity = identity
        self.index = index
        """Its place in the order in which frames are sent."""
        self.nbytes = nbytes
        self.packet = packet
        """True for coded video."""
        self.starts = starts
        """True where a reader may begin: any frame, and the key packets of coded video."""
        self.thinned = thinned
        self.first = first
        """The number with which its run began here."""
        self.owners: list[Owner] = []
        self.lent = 0
        """How many of the owners have a member that it is on its way to."""
        self.fits = True
        """True when there was room for it in the retention."""
        self.done = done
        self.parts: Any = None
        """The wire form, made once by the carrier and shared by all readers."""
        self.place = place
        """Where the retention keeps it outside memory, once it does."""
        self._item = item

    @property
    def item(self) -> Item:
        """The frame itself; only where it `is_here`."""
        assert self._item is not None  # noqa: S101  (whoever sends it has recalled it)
        return self._item

    @property
    def is_here(self) -> bool:
        """True while the frame is in memory."""
        return self._item is not None

    @property
    def waits(self) -> bool:
        """True while somebody is owed it and it is not on its way there."""
        return len(self.owners) > self.lent

    def bring(self, item: Item) -> None:
        """It is in memory again."""
        self._item = item

    def let_go(self) -> None:
        """It is no longer in memory."""
        self._item = self.parts = None


class Delivery(msgspec.Struct, frozen=True):
    """One frame for one reader; `thinned` goes into its header."""

    entry: Entry
    thinned: int


Action = Message | Delivery
