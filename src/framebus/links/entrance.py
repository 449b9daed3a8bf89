"""The doors of one end: who comes in there, and who is turned away because there are too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from framebus.links import descriptors
from framebus.links.connection import Connection, Gone

MAX_CONNECTIONS = 4096
RESERVED_DESCRIPTORS = 64
AT_ONCE = 32
"""So many connections begin before those that stand have their turn."""
HERE = "127.0.0.1"
"""The network address of whoever is on this machine."""


class Door(Protocol):
    """A listening socket that makes connections of one kind."""

    address: str

    def fileno(self) -> int:
        """Readable when somebody wants in."""
        ...

    def accept(self) -> tuple[Connection, str] | None:
        """The next one and its network address; None when there is none. Raises `Gone` with why it was sent away."""
        ...

    def close(self) -> None:
        """Nobody comes in any more; a file it listened at is removed."""
        ...


class Refusal(NamedTuple):
    """Somebody was told to go: `what` it was about, and the sentence for people."""

    what: str
    text: str


class Entrance:
    """All doors of one end, known by their descriptors."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self.address = doors[0].address if doors else ""
        self.doors = {door.fileno(): door for door in doors}
        self._max = min(MAX_CONNECTIONS, descriptors.limit() - RESERVED_DESCRIPTORS)

    def comers(self, door: Door, here: int) -> Iterator[tuple[Connection, str] | Refusal]:
        """Who waits at a door comes in, with a network address, or is told to go; `here` are in already.

        `AT_ONCE` at most: the others are let in next time, so that a crowd at the door holds up nobody who is in.
        """
        for _ in range(AT_ONCE):
            try:
                accepted = door.accept()
            except Gone as gone:
                yield Refusal(str(gone), str(gone))
                continue
            if accepted is None:
                return
            connection, _ = accepted
            if full := self._full(connection, here):
                connection.close()
                yield Refusal("full", f"{connection.where} was turned away: {full}")
                continue
            here += 1
            yield accepted

    def _full(self, connection: Connection, here: int) -> str:
        """Why there is no room for another connection; empty while there is."""
        if here >= self._max:
            return f"{here} connections are enough"
        if connection.fileno() >= descriptors.limit() - RESERVED_DESCRIPTORS:
            return f"this process has no file descriptors to spare ({descriptors.limit()}; ulimit -n raises that)"
        return ""

    def close(self) -> None:
        """Nobody comes in any more."""
        for door in self.doors.values():
            door.close()
