"""What a publisher keeps for lossless groups until they acknowledge it, within a number of bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

import msgspec

from framebus.session.outgoing import Entry, Owner


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A group that an earlier process of this publisher left behind, with what it is owed."""

    name: str
    want: tuple[str, ...] = ()
    max_fps: float = 0.0
    exclusive: bool = False
    owed: list[tuple[Entry, int]]
    """In the order of sending; how many frames before each were not meant for this group."""
    marks: dict[tuple[str, int], tuple[int, int]]
    """Of each run that is owed: the last number acknowledged, and how many before were not meant for this group."""


class Retention(ABC):
    """Holds frames that somebody is owed: in memory, and where it can, outside it.

    What is said here holds for memory alone; what lasts longer does more.
    """

    lasts = False
    """True where what is held, and who is owed it, outlives this process."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes held in memory now."""

    @abstractmethod
    def room_for(self, nbytes: int) -> bool:
        """True when a frame of `nbytes` fits; one frame always fits into an empty retention."""

    @abstractmethod
    def room_for_all(self, entries: Sequence[Entry]) -> bool:
        """True when all of these may be held, of which some may be already."""

    @abstractmethod
    def hold(self, entry: Entry, owner: Owner) -> None:
        """One more group is owed `entry`."""

    @abstractmethod
    def release(self, entry: Entry, owner: Owner, *, lost: bool = False) -> None:
        """One group has it, or `lost` it for good; calls `entry.done` when nobody is owed it any more."""

    @property
    def next_index(self) -> int:
        """Where the order of sending goes on from an earlier process."""
        return 0

    @property
    def stored(self) -> tuple[int, int]:
        """How many frames are held outside memory, and the bytes that they take there."""
        return 0, 0

    @property
    def needed_bytes(self) -> int:
        """How much room outside memory would have held what was given up for want of it; 0 where nothing was."""
        return 0

    @property
    def yields(self) -> bool:
        """True where giving up an older frame makes room for another."""
        return True

    def may_send(self, entry: Entry) -> bool:
        """True where memory allows one more frame to be on its way."""
        return True

    def recall(self, entry: Entry) -> bool:
        """Bring `entry` into memory; False where it cannot be read any more."""
        return True

    def put_away(self, shown: Callable[[], set[Entry]]) -> Iterable[Entry]:
        """Let go of memory: of frames that wait for a reader and are not `shown` to those who want the newest.

        Returns frames that can never be kept outside memory, nor sent.
        """
        return ()

    def remember(self, owner: Owner) -> None:  # noqa: B027  (memory forgets)
        """A group is owed frames from now on, by a successor of this process, too."""

    def forget(self, owner: Owner) -> None:  # noqa: B027  (memory forgets)
        """Nobody will ask for that group again."""

    def restored(self) -> list[Remembered]:
        """What an earlier process left; to be asked once, before anything else."""
        return []

    def close(self) -> None:  # noqa: B027  (memory forgets)
        """This process ends; what still is owed is kept where it can be."""

    def disown(self) -> None:  # noqa: B027  (memory forgets)
        """In a forked child: this is the parent's."""


class MemoryRetention(Retention):
    """Frames kept in this process's memory: they die with it."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        return self._nbytes

    def room_for(self, nbytes: int) -> bool:
        return self._nbytes == 0 or self._nbytes + nbytes <= self.max_bytes

    def room_for_all(self, entries: Sequence[Entry]) -> bool:
        new = [entry.nbytes for entry in entries if not entry.owners]
        return self._nbytes + sum(new) <= self.max_bytes or (len(new) == 1 and self._nbytes == 0)

    def hold(self, entry: Entry, owner: Owner) -> None:
        if not entry.owners:
            self._nbytes += entry.nbytes
        entry.owners.append(owner)

    def release(self, entry: Entry, owner: Owner, *, lost: bool = False) -> None:
        entry.owners.remove(owner)
        if not entry.owners:
            self._nbytes -= entry.nbytes
            settle(entry)


def settle(entry: Entry) -> None:
    """Tell whoever sent `entry` that it is where it belongs, once."""
    done, entry.done = entry.done, None
    if done is not None:
        done()
