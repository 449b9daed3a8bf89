"""Our own sockets underneath a session: one waiter for all connections of an end, whatever kind they are."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence

from framebus.links.caller import Caller
from framebus.links.carrier import CALLED, Arrival, Carrier, Newcomer
from framebus.links.connection import Connection, Gone, Parcel, Parts
from framebus.links.dialling import Dial
from framebus.links.entrance import Door, Entrance, Refusal
from framebus.links.fact import Fact
from framebus.links.parting import part
from framebus.links.reminder import Reminder
from framebus.links.strangers import Strangers
from framebus.links.waiter import READ, WRITE, waiter
from framebus.session.outgoing import Peer


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
        self._entrance = Entrance(doors)
        self._doors = self._entrance.doors
        self._reminder = Reminder() if reminder is None else reminder
        self._caller = Caller(dial, self._reminder) if dial else None
        self._waiter = waiter()
        self._connections: dict[int, Connection] = {}
        self._watched: dict[Connection, int] = {}
        self._unsent: set[Connection] = set()
        self._addresses: dict[Connection, str] = {}
        """Those that have sent no message yet: their network addresses."""
        self._strangers = Strangers()
        self._standing: set[Connection] = set()
        self._called: Connection | None = None
        self._gone: list[Peer] = []
        self._facts: list[Fact] = []
        self._closed = False
        for descriptor in self._doors:
            self._waiter.watch(descriptor, READ)
        if given is not None:
            self._begin(given)
        elif self._caller is not None:
            self._call(self._caller, time.monotonic())

    # what it is -----------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        return self._entrance.address

    def fileno(self) -> int:
        return self._waiter.fileno()

    def waiting(self) -> bool:
        return False  # the descriptor is level-triggered and tells all there is

    @property
    def unsent(self) -> bool:
        return bool(self._unsent)

    @property
    def deadline(self) -> float | None:
        at = self._strangers.deadline
        if self._caller is not None:
            at = min(at, self._caller.deadline)
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

    def _serve(self, connection: Connection) -> list[Arrival]:
        """Something can be read or written there."""
        was_ready = connection.ready
        try:
            if connection.pending:
                connection.flush()
            messages = connection.receive()
        except Gone as gone:
            self._lose(connection, gone)
            return []
        if connection.ready and not was_ready:
            self._stands(connection)
        self._attend(connection)
        return self._arrived(connection, messages) if messages else []

    def _arrived(self, connection: Connection, messages: list[Parts]) -> list[Arrival]:
        peer = CALLED if connection is self._called else connection
        found = [Arrival(peer, parts) for parts in messages]
        address = None if peer is CALLED else self._addresses.pop(connection, None)
        if address is not None:
            found[0] = found[0]._replace(newcomer=Newcomer(address, ""))
        return found

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
        if connection not in self._watched:
            return
        wanted = self._wanted(connection)
        if wanted != self._watched[connection]:
            self._watched[connection] = wanted
            self._waiter.change(connection.fileno(), wanted)

    def _wanted(self, connection: Connection) -> int:
        if connection.pending:
            self._unsent.add(connection)
            return READ | WRITE
        self._unsent.discard(connection)
        return READ

    # connections begin ----------------------------------------------------------------------------------------

    def _begin(self, connection: Connection) -> None:
        descriptor = connection.fileno()
        self._connections[descriptor] = connection
        self._watched[connection] = wanted = self._wanted(connection)
        self._waiter.watch(descriptor, wanted)
        self.shares |= connection.shares
        if not self.listens:
            self._called = connection
        self._strangers.greet(connection, time.monotonic(), came=self.listens)
        if connection.ready:
            self._stands(connection)

    def _stands(self, connection: Connection) -> None:
        self._standing.add(connection)
        if connection is self._called:
            connection.admit()  # whom we called ourselves is no stranger
            self._tell(Fact("ready", peer=connection.where))

    def _admit_all(self, door: Door) -> None:
        """Who waits at a door comes in, or is told to go."""
        for comer in self._entrance.comers(door, len(self._connections)):
            if isinstance(comer, Refusal):
                self._say(comer.what, comer.text)
                continue
            connection, address = comer
            self._addresses[connection] = address
            self._begin(connection)

    def _call(self, caller: Caller, now: float) -> None:
        """Try to reach the one we connect to."""
        connection, fact = caller.call(now)
        if connection is not None:
            self._begin(connection)
        if fact is not None:
            self._tell(fact)

    # connections end ------------------------------------------------------------------------------------------

    def _lose(self, connection: Connection, gone: Gone) -> None:
        stood = connection in self._standing
        if not self._drop(connection):
            return
        why = str(gone)
        if connection is self._called:
            self._called = None
            self._gone.append(CALLED)
            self._hang_up(connection, stood, why)
        else:
            self._gone.append(connection)
            self._say(why, _farewell(connection.where, why, stood), connection.where)
        self.news = True

    def _hang_up(self, connection: Connection, stood: bool, why: str) -> None:
        """The one we connect to is gone: it is called again, where there is a way."""
        if self._caller is None:
            self.over = "the other end of this private link is gone"
        elif (fact := self._caller.lost(connection, stood, why, time.monotonic())) is not None:
            self._tell(fact)

    def _drop(self, connection: Connection) -> bool:
        """Forget and close; False when that was done before."""
        if self._watched.pop(connection, None) is None:
            return False
        descriptor = connection.fileno()
        self._waiter.forget(descriptor)
        self._connections.pop(descriptor, None)
        self._addresses.pop(connection, None)
        self._strangers.forget(connection)
        self._standing.discard(connection)
        self._unsent.discard(connection)
        if connection.shares:
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
            self._strangers.forget(peer)
            peer.admit()

    # news -----------------------------------------------------------------------------------------------------

    def look(self, now: float) -> tuple[list[Peer], list[Fact]]:
        if self._caller is not None and now >= self._caller.deadline:
            self._call_or_doubt(self._caller, now)
        for connection, why in self._strangers.unwelcome(now):
            self._lose(connection, Gone(why))
        self.news = False
        gone, self._gone = self._gone, []
        facts, self._facts = self._facts, []
        return gone, facts

    def _call_or_doubt(self, caller: Caller, now: float) -> None:
        if self._called is None:
            self._call(caller, now)
        elif caller.is_elsewhere(now):
            self._lose(self._called, Gone())

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
        self._entrance.close()
        staying = [connection for connection in self._watched if connection.ready]
        part(staying, time.monotonic() + linger_ms / 1000)
        for connection in list(self._watched):
            self._drop(connection)
        self._waiter.close()


def _farewell(where: str, why: str, stood: bool) -> str:
    """What people should know about the end of an accepted connection."""
    if stood:
        return f"{where} was cut off: {why}" if why else ""
    return f"{where} was turned away: {why or 'it went without one message, another protocol or a look at the port'}"
