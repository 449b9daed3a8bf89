"""Connections that have not introduced themselves: how long they may take, and how much they may hold meanwhile."""

from __future__ import annotations

import math
from itertools import takewhile

from framebus.links.connection import Connection
from framebus.links.memory import total_bytes

HANDSHAKE_S = 3.0
TALLY_S = 0.25
"""How often the bytes of unfinished messages are added up while strangers hold some."""


class Strangers:
    """Those of one end. `deadline` (monotonic seconds, or infinity) is when to ask for the `unwelcome` again."""

    def __init__(self) -> None:
        self.deadline = math.inf
        self._shaking: dict[Connection, float] = {}
        """Until when each may take to shake hands, the first first."""
        self._unknown: set[Connection] = set()

    def greet(self, connection: Connection, now: float, *, came: bool) -> None:
        """A connection begins: it `came` in at a door, or else was made by us, and has hands to shake at most."""
        if came:
            self._unknown.add(connection)
            self.deadline = min(self.deadline, now + TALLY_S)
        if came or not connection.ready:
            self._shaking[connection] = now + HANDSHAKE_S
            self.deadline = min(self.deadline, now + HANDSHAKE_S)

    def forget(self, connection: Connection) -> None:
        """It introduced itself, or is gone."""
        self._unknown.discard(connection)
        self._shaking.pop(connection, None)

    def unwelcome(self, now: float) -> list[tuple[Connection, str]]:
        """Whom to send away now, and why."""
        if now < self.deadline:
            return []
        slow = "it did not finish shaking hands: another protocol, or a look at the port"
        large = "all connections together hold too much that makes no message"
        found = [(connection, slow) for connection in self._overdue(now)]
        found += [(connection, large) for connection in self._too_large()]
        tally_at = now + TALLY_S if self._unknown else math.inf
        self.deadline = min(tally_at, next(iter(self._shaking.values()), math.inf))
        return found

    def _overdue(self, now: float) -> list[Connection]:
        due = list(takewhile(lambda connection: self._shaking[connection] <= now, self._shaking))
        overdue = [connection for connection in due if not connection.ready or self._is_silent(connection)]
        for connection in due:
            del self._shaking[connection]
        self._unknown.difference_update(overdue)
        return overdue

    def _is_silent(self, connection: Connection) -> bool:
        """Old peers may take their time to the first picture; of those who share memory all are ours, and say hello."""
        return connection.shares and connection in self._unknown

    def _too_large(self) -> list[Connection]:
        """All strangers together may hold a quarter of the machine's memory in unfinished messages."""
        too_much = sum(connection.unfinished for connection in self._unknown) - total_bytes() // 4
        found = []
        for connection in sorted(self._unknown, key=lambda one: one.unfinished, reverse=True):
            if too_much <= 0:
                break
            too_much -= connection.unfinished
            found.append(connection)
        return found
