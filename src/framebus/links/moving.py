"""From the network's way to shared memory: tried when the other side turns out to be on this machine."""

from __future__ import annotations

from framebus.links.carrier import Carrier
from framebus.links.dialling import reach
from framebus.links.switchboard import Switchboard
from framebus.wire.control import Party

SETTLED_S = 5.0
"""After a move, or a try: for so long another is not tried."""


class Move:
    """Whether one connecting end has moved, and where it came from.

    It moves when it is welcomed: nothing was sent or allowed by then, so nothing is lost. The same session says hello
    at the new place, and the old connection is kept until it is welcomed there.
    """

    def __init__(self, *, allowed: bool) -> None:
        self.former: Carrier | None = None
        """What it moved away from, until it is known at the new place."""
        self._moved = False
        self._settled_until = 0.0 if allowed else float("inf")

    def nearer(self, other: Party, own: Party, now: float) -> Carrier | None:
        """A connection to the same endpoint through shared memory, where there can be one."""
        if not other.local or (other.host, other.user) != (own.host, own.user) or now < self._settled_until:
            return None
        self._settled_until = now + SETTLED_S
        connection = reach(other.local)
        self._moved = connection is not None
        return None if connection is None else Switchboard(given=connection)

    def undo(self) -> bool:
        """The near connection is gone; False when there is nowhere to return to."""
        moved, self._moved = self._moved, False
        return moved
