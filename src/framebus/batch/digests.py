"""A set of names that remembers only what they hash to: 16 to 32 bytes for each of millions."""

from __future__ import annotations

from array import array

_FIRST = 1 << 10
_MASK = (1 << 64) - 1


class Digests:
    """Names, of which it is only known that they are in.

    In one of ten million sets of a million names, two of them are taken for one.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        digest = _digest(name)
        return self._slots[self._place(digest)] == digest

    def add(self, name: str) -> bool:
        """Put it in; False where it is in already."""
        digest = _digest(name)
        place = self._place(digest)
        if self._slots[place] == digest:
            return False
        self._slots[place] = digest
        self._count += 1
        if 2 * self._count > len(self._slots):
            self._grow()
        return True

    def _place(self, digest: int) -> int:
        """Where it is, or belongs."""
        slots, last = self._slots, len(self._slots) - 1
        place = digest & last
        while slots[place] not in (0, digest):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        digests = [digest for digest in self._slots if digest]
        self._slots = array("Q", bytes(16 * len(self._slots)))
        for digest in digests:
            self._slots[self._place(digest)] = digest


def _digest(name: str) -> int:
    return (hash(name) & _MASK) or 1
