"""What one other process has been shown of this one's memory."""

from __future__ import annotations

from framebus.memory.pool import Pool
from framebus.memory.slot import Slot

MAX_SHOWN = 256
"""Slots that one process has mapped of another at a time."""

Token = bytes
"""One use of one slot, as the two processes call it."""


class Lending:
    """The leases of one connection. Used by one thread at a time."""

    def __init__(self) -> None:
        self._shown: dict[int, Slot] = {}
        self._leased: dict[Token, list[Slot]] = {}
        self._retirements = 0

    def __len__(self) -> int:
        """How many leases the peer has not ended."""
        return sum(map(len, self._leased.values()))

    def lend(self, slot: Slot, token: Token) -> bool:
        """Begin a lease of the present use of `slot`; True when the peer has to be shown the slot first."""
        slot.lease()
        leased = self._leased.get(token)
        if leased is None:
            self._leased[token] = [slot]
        else:
            leased.append(slot)
        if self._shown.get(slot.index) is slot:
            return False
        self._shown[slot.index] = slot
        return True

    def end(self, token: Token) -> None:
        """The peer let go of what it was lent once; what it never had, or gave back before, is no news."""
        leased = self._leased.get(token)
        if leased is None:
            return
        leased.pop().release()
        if not leased:
            del self._leased[token]

    def unlend(self, slot: Slot, token: Token) -> None:
        """The peer never heard of the lease just begun."""
        self._shown.pop(slot.index, None)
        self.end(token)

    def outdated(self, pool: Pool) -> list[int]:
        """Slots the peer should forget: retired ones, and the oldest of too many. Ask before each lease."""
        if pool.retirements == self._retirements and len(self._shown) < MAX_SHOWN:
            return []
        self._retirements = pool.retirements
        found = [index for index, slot in self._shown.items() if slot.retired]
        if not found and len(self._shown) >= MAX_SHOWN:
            found = [next(iter(self._shown))]
        for index in found:
            del self._shown[index]
        return found

    def close(self) -> None:
        """End all leases. Whether the peer is dead or still looks is unknown, so these slots have no further use."""
        leased, self._leased = self._leased, {}
        self._shown = {}
        for slots in leased.values():
            for slot in slots:
                slot.abandon()
