"""Ending connections so that what was sent arrives."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable

from framebus.links.connection import Connection, Gone


def part(connections: Iterable[Connection], limit: float) -> None:
    """Let what was sent leave, and the other sides hear it: closing over unread data would take it back.

    Waits for them until `limit` (monotonic seconds) at the latest; closes none.
    """
    finished: set[Connection] = set()
    staying = list(connections)
    while staying and (left := limit - time.monotonic()) > 0:
        staying = [connection for connection in staying if _goes_on(connection, finished)]
        poll = select.poll()
        for connection in staying:
            poll.register(connection.fileno(), select.POLLIN | (select.POLLOUT if connection.pending else 0))
        if staying:
            poll.poll(max(1, int(left * 1000)))


def _goes_on(connection: Connection, finished: set[Connection]) -> bool:
    """Parting goes a step further; False when it is over."""
    try:
        if connection.pending:
            connection.flush()
        if not connection.pending and connection not in finished:
            finished.add(connection)
            connection.finish()
        connection.receive()
    except Gone:
        return False
    return True
