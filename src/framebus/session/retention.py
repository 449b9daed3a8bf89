"""What a publisher keeps for lossless groups until they acknowledge it, within a number of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from framebus.session.outgoing import Entry


class Retention(Protocol):
    """Holds frames that somebody is owed. Memory today; the interface lets a disk take over."""

    def room_for(self, nbytes: int) -> bool:
        """True when a frame of `nbytes` fits; one frame always fits into an empty retention."""
        ...

    def room_for_all(self, entries: Sequence[Entry]) -> bool:
        """True when all of these may be held, of which some may be already."""
        ...

    def hold(self, entry: Entry) -> None:
        """One more group is owed `entry`."""
        ...

    def release(self, entry: Entry) -> None:
        """One group has it, or lost it for good; calls `entry.done` when nobody is owed it any more."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        ...


class MemoryRetention:
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

    def hold(self, entry: Entry) -> None:
        if entry.owners == 0:
            self._nbytes += entry.nbytes
        entry.owners += 1

    def release(self, entry: Entry) -> None:
        entry.owners -= 1
        if entry.owners == 0:
            self._nbytes -= entry.nbytes
            settle(entry)


def settle(entry: Entry) -> None:
    """Tell whoever sent `entry` that it is where it belongs, once."""
    done, entry.done = entry.done, None
    if done is not None:
        done()
