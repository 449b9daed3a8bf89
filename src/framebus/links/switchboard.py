"""Our own sockets underneath a session: one waiter for all connections of an end, whatever kind they are."""

from __future__ import annotations

import errno
import math
import os
import select
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from framebus.links import descriptors
from framebus.links.carrier import CALLED, Arrival, Carrier, Newcomer
from framebus.links.connection import Connection, Gone, Parcel
from framebus.links.dialling import Dial
from framebus.links.memory import total_bytes
from framebus.links.monitor import Fact, Reminder
from framebus.links.waiter import READ, WRITE, waiter
from framebus.session.outgoing import Peer

HANDSHAKE_S = 3.0
MAX_CONNECTIONS = 4096
RESERVED_DESCRIPTORS = 64
DOUBT_S = 0.5
TALLY_S = 0.25
"""How often the bytes of unfinished messages are added up while strangers hold some."""
NOBODY_THERE = ("", os.strerror(errno.ECONNREFUSED).lower())
"""Reasons that say only that nobody listens (yet)."""
KEYLESS = "lets nobody in without a key: `framebus keys invite NAME` there, then `framebus keys join` here"
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


class Switchboard(Carrier):
    """Takes connections at doors, or makes one and makes it again whenever it breaks."""

    def __init__(
        self,
        doors: Sequence[Door] = (),
        dial: Dial | None = None,
        *,
        given: Connection | None = None,
        local: str = "",
        shares: bool = False,
        reminder: Reminder | None = None,
    ) -> None:
        self.listens = bool(doors)
        self.local = local
        self.shares = self._always_shares = shares
        self._doors = {door.fileno(): door for door in doors}
        self._first = doors[0] if doors else None
        self._dial = dial
        self._reminder = Reminder() if reminder is None else reminder
        self._waiter = waiter()
        self._connections: dict[int, Connection] = {}
        self._watched: dict[Connection, int] = {}
        self._addresses: dict[Connection, str] = {}
        """Those that have sent no message yet: their network addresses."""
        self._shaking: deque[tuple[float, Connection]] = deque()
        self._strangers: set[Connection] = set()
        self._standing: set[Connection] = set()
        self._called: Connection | None = None
        self._gone: list[Peer] = []
        self._facts: list[Fact] = []
        self._dial_at = 0.0 if dial else math.inf
        self._doubt_at = math.inf
        self._tally_at = math.inf
        self._closed = False
        self._max = min(MAX_CONNECTIONS, descriptors.limit() - RESERVED_DESCRIPTORS)
        for descriptor in self._doors:
            self._waiter.watch(descriptor, READ)
        if given is not None:
            self._begin(given)
        elif dial is not None:
            self._call(time.monotonic())

    # what it is -----------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        return self._first.address if self._first else ""

    def fileno(self) -> int:
        return self._waiter.fileno()

    def waiting(self) -> bool:
        return False  # the descriptor is level-triggered and tells all there is

    @property
    def deadline(self) -> float | None:
        shaking = self._shaking[0][0] if self._shaking else math.inf
        at = min(self._dial_at, self._doubt_at, shaking, self._tally_at)
        return None if at == math.inf else at

    # messages -------------------------------------------------------------------------------------------------

    def arrivals(self) -> Iterable[Arrival]:
        called = self._called
        if called is None or not called.ready:
            return self._from_many()
        try:
            if called.pending:
                called.flush()
            messages = called.receive()
        except Gone as gone:
            self._lose(called, gone)
            return ()
        if called.pending or self._watched.get(called) != READ:
            self._attend(called)
        return [Arrival(CALLED, parts) for parts in messages]

    def _from_many(self) -> Iterator[Arrival]:
        for descriptor in self._waiter.ready():
            door = self._doors.get(descriptor)
            if door is not None:
                self._admit_all(door)
            elif (connection := self._connections.get(descriptor)) is not None:
                yield from self._serve(connection)

    def _serve(self, connection: Connection) -> Iterator[Arrival]:
        """Something can be read or written there."""
        was_ready = connection.ready
        try:
            if connection.pending:
                connection.flush()
        except Gone as gone:
            self._lose(connection, gone)
            return
        yield from self._receive(connection)
        if connection.ready and not was_ready:
            self._stands(connection)
        self._attend(connection)

    def _receive(self, connection: Connection) -> Iterator[Arrival]:
        try:
            messages = connection.receive()
        except Gone as gone:
            self._lose(connection, gone)
            return
        if connection is self._called:
            for parts in messages:
                yield Arrival(CALLED, parts)
            return
        for parts in messages:
            address = self._addresses.pop(connection, None)
            yield Arrival(connection, parts, None if address is None else Newcomer(address, ""))

    def send(self, peer: Peer, message: bytes | Parcel) -> bool:
        connection = self._called if peer == CALLED else peer
        if not isinstance(connection, Connection) or not connection.ready or connection not in self._watched:
            return False
        try:
            connection.send(message)
        except Gone as gone:
            self._lose(connection, gone)
            return False
        if connection.pending:
            self._attend(connection)
        return True

    def _attend(self, connection: Connection) -> None:
        """Be woken for what this connection waits for."""
        watched = self._watched.get(connection)
        wanted = READ | WRITE if connection.pending else READ
        if watched is not None and watched != wanted:
            self._watched[connection] = wanted
            self._waiter.change(connection.fileno(), wanted)

    # connections begin ----------------------------------------------------------------------------------------

    def _begin(self, connection: Connection) -> None:
        descriptor = connection.fileno()
        self._connections[descriptor] = connection
        self._watched[connection] = wanted = READ | WRITE if connection.pending else READ
        self._waiter.watch(descriptor, wanted)
        self.shares |= connection.shares
        if not self.listens:
            self._called = connection
        if connection.ready:
            self._stands(connection)
        if not connection.ready or connection in self._strangers:
            self._shaking.append((time.monotonic() + HANDSHAKE_S, connection))

    def _stands(self, connection: Connection) -> None:
        self._standing.add(connection)
        if connection is self._called:
            connection.admit()  # whom we called ourselves is no stranger
            self._tell(Fact("ready", peer=connection.where))

    def _admit_all(self, door: Door) -> None:
        """Everybody who waits at a door comes in, or is told to go."""
        while True:
            try:
                accepted = door.accept()
            except Gone as gone:
                self._say(str(gone), str(gone))
                continue
            if accepted is None:
                return
            connection, address = accepted
            if len(self._connections) >= self._max or connection.fileno() >= descriptors.limit() - RESERVED_DESCRIPTORS:
                connection.close()
                full = f"{connection.where} was turned away: {self._enough(connection)}"
                self._say("full", full)
                continue
            self._addresses[connection] = address
            self._strangers.add(connection)
            self._tally_at = min(self._tally_at, time.monotonic() + TALLY_S)
            self._begin(connection)

    def _enough(self, connection: Connection) -> str:
        if len(self._connections) >= self._max:
            return f"{len(self._connections)} connections are enough"
        return f"this process has no file descriptors to spare ({descriptors.limit()}; ulimit -n raises that)"

    def _call(self, now: float) -> None:
        """Try to reach the one we connect to."""
        assert self._dial is not None  # noqa: S101  (only a connecting end calls)
        self._dial_at = math.inf
        connection, retry_s, text = self._dial.attempt(now)
        if connection is None:
            self._dial_at = now + retry_s
            self._say(text, text)
        else:
            self._doubt_at = now + DOUBT_S if self._dial.doubtful else math.inf
            self._begin(connection)

    def _doubt(self, now: float) -> None:
        """Whom we are connected to may not be the one we want: is that one somewhere else by now?"""
        self._doubt_at = math.inf
        if self._dial is None or self._called is None:
            return
        if self._dial.elsewhere():
            self._lose(self._called, Gone())
        elif self._dial.doubtful:
            self._doubt_at = now + DOUBT_S

    # connections end ------------------------------------------------------------------------------------------

    def _lose(self, connection: Connection, gone: Gone) -> None:
        stood = connection in self._standing
        if not self._drop(connection):
            return
        why, where = str(gone), connection.where
        if connection is self._called:
            self._called = None
            self._gone.append(CALLED)
            self._redial(connection, stood, "" if why in NOBODY_THERE else why)
        else:
            self._gone.append(connection)
            self._say(why, _farewell(where, why, stood), where)
        self.news = True

    def _redial(self, connection: Connection, stood: bool, why: str) -> None:
        if self._dial is None:
            self.over = "the other end of this private link is gone"
            return
        self._dial_at = time.monotonic() + self._dial.pause(stood, why)
        if connection.wants_keys:
            self._dial_at = math.inf  # it is for the end to try again: with a key, if there is one by then
            said = self._reminder.say(KEYLESS, self._dial.address, f"{self._dial.address} {KEYLESS}", time.monotonic())
            self._tell(Fact("refused", peer=self._dial.address, text=said, final=True))
        elif why:
            self._say(why, f"{self._dial.address}: {why}", self._dial.address)

    def _drop(self, connection: Connection) -> bool:
        """Forget and close; False when that was done before."""
        if self._watched.pop(connection, None) is None:
            return False
        descriptor = connection.fileno()
        self._waiter.forget(descriptor)
        self._connections.pop(descriptor, None)
        self._addresses.pop(connection, None)
        self._strangers.discard(connection)
        self._standing.discard(connection)
        self.shares = self._always_shares or any(other.shares for other in self._watched)
        connection.close()
        return True

    def cut(self, peer: Peer, why: str) -> None:
        connection = self._called if peer == CALLED else peer
        if isinstance(connection, Connection):
            self._lose(connection, Gone(why))

    def forget(self, peer: Peer) -> None:
        if isinstance(peer, Connection) and peer in self._watched:
            if not peer.ready and peer in self._standing:
                self._tell_why(peer)
            self._drop(peer)

    def _tell_why(self, connection: Connection) -> None:
        """Sending to it failed: people should know what it did."""
        try:
            connection.receive()
        except Gone as gone:
            self._say(str(gone), _farewell(connection.where, str(gone), stood=True), connection.where)

    def leases(self, peer: Peer) -> int:
        return peer.leases if isinstance(peer, Connection) else 0

    def admit(self, peer: Peer) -> None:
        if isinstance(peer, Connection):
            self._strangers.discard(peer)
            peer.admit()

    # news -----------------------------------------------------------------------------------------------------

    def look(self, now: float) -> tuple[list[Peer], list[Fact]]:
        self.news = False
        if now >= self._dial_at:
            self._call(now)
        while self._shaking and self._shaking[0][0] <= now:
            _, connection = self._shaking.popleft()
            # old peers may take their time to the first picture; of those who share memory all are ours, and say hello
            silent = connection.shares and connection in self._strangers
            if connection in self._watched and (silent or not connection.ready):
                self._lose(connection, Gone("it did not finish shaking hands: another protocol, or a look at the port"))
        if now >= self._tally_at:
            self._tally(now)
        if now >= self._doubt_at:
            self._doubt(now)
        self.news = False
        gone, self._gone = self._gone, []
        facts, self._facts = self._facts, []
        return gone, facts

    def _tally(self, now: float) -> None:
        """All strangers together may hold a quarter of the machine's memory in unfinished messages."""
        while sum(one.unfinished for one in self._strangers) > total_bytes() // 4:
            largest = max(self._strangers, key=lambda one: one.unfinished)
            self._lose(largest, Gone("all connections together hold too much that makes no message"))
        self._tally_at = now + TALLY_S if self._strangers else math.inf

    def _tell(self, fact: Fact) -> None:
        self._facts.append(fact)
        self.news = True

    def _say(self, what: str, text: str, who: str = "") -> None:
        said = self._reminder.say(what or text, who.rpartition(":")[0], text, time.monotonic()) if text else ""
        self._tell(Fact("refused" if text else "gone", peer=who, text=said))

    # the end --------------------------------------------------------------------------------------------------

    def close(self, linger_ms: int = 0) -> None:
        if self._closed:
            return
        self._closed = True
        for door in self._doors.values():
            door.close()
        limit = time.monotonic() + linger_ms / 1000
        self._part(limit)
        for connection in list(self._watched):
            self._drop(connection)
        self._waiter.close()

    def _part(self, limit: float) -> None:
        """Let what was sent leave, and the other sides hear it: closing over unread data would take it back."""
        finished: set[Connection] = set()
        staying = [connection for connection in self._watched if connection.ready]
        while staying and (left := limit - time.monotonic()) > 0:
            staying = [connection for connection in staying if _parts(connection, finished)]
            poll = select.poll()
            for connection in staying:
                poll.register(connection.fileno(), select.POLLIN | (select.POLLOUT if connection.pending else 0))
            if staying:
                poll.poll(max(1, int(left * 1000)))


def _parts(connection: Connection, finished: set[Connection]) -> bool:
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


def _farewell(where: str, why: str, stood: bool) -> str:
    """What people should know about the end of an accepted connection."""
    if stood:
        return f"{where} was cut off: {why}" if why else ""
    return f"{where} was turned away: {why or 'it went without one message, another protocol or a look at the port'}"
