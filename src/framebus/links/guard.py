"""What a stranger may cost: counts the bytes of every connection of a listener and ends the ones that only take.

ZeroMQ hands over whole messages only, and its limits count messages (high-water marks) or single parts
(`MAXMSGSIZE`): a peer that sends parts for ever, or announces a part of eight gigabytes and sends it, fills memory
without the application ever hearing of it. So we ask the kernel how many bytes a connection has received, subtract
what was delivered as messages, and shut the connection down when the difference exceeds its allowance, or when memory
grows more than bytes explain.

ZeroMQ reports a disconnection before it closes the descriptor, so one identified *before* the last event was read is
the connection that the events meant, whatever its number is used for later.
"""

from __future__ import annotations

import heapq
import itertools
import math
import select
from dataclasses import dataclass

import zmq

from framebus.links import descriptors, sockets
from framebus.links.accounts import NOTABLE_BYTES, PART_COST, Account
from framebus.links.fact import Fact, Kind
from framebus.links.memory import give_back, resident_bytes, total_bytes
from framebus.links.monitor import Event, Monitor, listener_trouble
from framebus.links.reminder import Reminder

MIB = 1024 * 1024
UNADMITTED_BYTES = 24 * MIB
"""Holds the first picture of an old sender that says nothing before it, up to raw 4K."""
ADMITTED_BYTES = sockets.MAX_FRAME_BYTES + 64 * MIB
MAX_CONNECTIONS = 4096
EVENTS_AT_ONCE = 100
"""A crowd of strangers must not keep an end from its frames for long: so much is heard of it in one go."""
FIRST_NUMBER = 1 << 32
TIDY_S = 0.5
RESERVED_DESCRIPTORS = 64

UNEXPLAINED_BYTES = 128 * MIB
"""Memory may grow by so much more than peers have sent while a message is being received."""


_UNEXPLAINED = Event(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, 0, "")


@dataclass(slots=True, eq=False)
class _Connection:
    number: int
    descriptor: int
    identity: descriptors.Identity
    account: Account
    spoke: bool = False
    ending: bool = False
    seen: int = 0
    due: float = math.inf

    @property
    def peer(self) -> str:
        return self.identity.peer

    @property
    def host(self) -> str:
        return self.peer.rpartition(":")[0]


@dataclass(slots=True)
class Counts:
    """Since the guard was made; `troubles` are failed handshakes and connections that ended without a message."""

    accepted: int = 0
    cut: int = 0
    troubles: int = 0


class Guard:
    """Watches the connections of one listening socket. Where it is not `tcp`, it tells only who has gone.

    Make it before the socket is bound: a connection that was accepted earlier is never known, nor its end. Used by
    whoever drives the socket, one thread at a time. Call `drive` when `fileno()` is readable and when `deadline`
    (monotonic seconds) has passed; close the guard before the socket.

    `hears` is False for a socket to which nobody says anything: whoever goes without a message is no trouble then.
    `limit_unadmitted` bytes may be open for a connection that has not been admitted, `limit` for one that has, and
    `limit_total` (a quarter of the machine's memory) for all together; the largest is ended first. Beyond
    `max_connections`, or when descriptors run out, new ones are ended at once. Where the system does not count bytes,
    `note` says so and the rest works.
    """

    def __init__(
        self,
        socket: sockets.Socket,
        *,
        encrypted: bool = False,
        tcp: bool = True,
        hears: bool = True,
        limit_unadmitted: int = UNADMITTED_BYTES,
        limit: int = ADMITTED_BYTES,
        limit_total: int | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.counts = Counts()
        self.deadline = math.inf
        self.encrypted = encrypted
        self._limits = limit_unadmitted, limit
        self._total = limit_total or total_bytes() // 4
        self._last_descriptor = descriptors.limit() - RESERVED_DESCRIPTORS
        self._max = min(max_connections, self._last_descriptor)
        self._tcp = tcp
        self._hears = hears
        self._connections: dict[int, _Connection] = {}
        self._by_number: dict[int, _Connection] = {}
        self._numbers = itertools.count(FIRST_NUMBER)
        self._agenda: list[tuple[float, int, _Connection]] = []
        self._order = itertools.count()
        self._facts: list[Fact] = []
        self._failure: Event | None = None
        self._now = 0.0
        self._open = 0
        self._received = 0
        self._tidy_at = math.inf
        self._reminder = Reminder()
        self._monitor = Monitor(socket, encrypted=encrypted)
        self._wakeups = _Wakeups(self._monitor.fileno()) if self._tcp and descriptors.counts_received() else None

    @property
    def note(self) -> str:
        """Empty, or why bytes are not counted here."""
        if self._wakeups is not None or not self._tcp:
            return ""
        return "this system does not tell how many bytes a connection has received, so strangers are not held to any"

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    @property
    def open_bytes(self) -> int:
        """Bytes of all connections that have made no message yet, as of the last looks."""
        return self._open

    def fileno(self) -> int:
        """A descriptor that is readable when `drive` has something to do."""
        return self._monitor.fileno() if self._wakeups is None else self._wakeups.fileno()

    def drive(self, now: float) -> list[Fact]:
        """Look at what is due; what has happened since the last call. `now` in monotonic seconds."""
        self._now = now
        if self._wakeups is not None:
            for descriptor in self._wakeups.ready():
                if connection := self._connections.get(descriptor):
                    self._plan(connection, now)
        crowded = self._read_events(EVENTS_AT_ONCE)
        while self._agenda and self._agenda[0][0] <= now:
            due, _, connection = heapq.heappop(self._agenda)
            if connection.due == due:
                self._look(connection)
        self._hold_total()
        while self._agenda and self._agenda[0][2].due != self._agenda[0][0]:
            heapq.heappop(self._agenda)
        if self._tidy_at <= now:
            self._tidy_at = math.inf
            give_back()
        self.deadline = now if crowded else min(self._agenda[0][0] if self._agenda else math.inf, self._tidy_at)
        facts, self._facts = self._facts, []
        return facts

    def connection(self, descriptor: int) -> int:
        """The number of the connection that a message with `zmq.SRCFD` `descriptor` has just come on, or -1.

        Numbers, unlike descriptors, are never used again: ask once for each new peer, and remember it.
        """
        self._read_events()
        found = self._connections.get(descriptor)
        return found.number if found else -1

    def delivered(self, connection: int, *sizes: int) -> None:
        """A message of parts of `sizes` bytes came on `connection`, empty parts included.

        Not counting one is a slow way to have the connection cut.
        """
        if found := self._find(connection):
            found.spoke = True
            found.account.deliver(*sizes)

    def admit(self, connection: int, limit: int | None = None) -> None:
        """This one is known to be one of ours: it may have `limit` bytes open (default: the guard's own)."""
        if found := self._find(connection):
            found.account.limit = self._limits[1] if limit is None else limit
            if not found.account.admitted:
                found.account.admitted = True
                self._plan(found, found.due if found.due < math.inf else 0.0)

    def cut(self, connection: int, why: str = "") -> None:
        """End it because the endpoint says so: its key was revoked, it does not read what it asked for."""
        if (found := self._find(connection)) and not found.ending:
            self._cut_off(found, why, f"was cut off: {why}" if why else "")

    def _find(self, connection: int) -> _Connection | None:
        return self._by_number.get(connection)

    def close(self) -> None:
        """Stop watching; before the socket is closed. Connections live on."""
        if self._wakeups is not None:
            self._wakeups.close()
        self._monitor.close()
        self._connections.clear()
        self._by_number.clear()
        self._agenda.clear()
        self.deadline = math.inf

    # events -------------------------------------------------------------------------------------------------------

    def _read_events(self, most: float = math.inf) -> bool:
        """Until there are none: a connection met while its end was being reported is forgotten again.

        Or `most` of them, and whether there may be more: then whoever drives has other things to do in between.
        """
        while events := self._monitor.read(most):
            for event in events:
                if event.event == zmq.EVENT_ACCEPTED:
                    self._accepted(event.value)
                elif event.event == zmq.EVENT_DISCONNECTED:
                    self._gone(event.value)
                elif event.event != zmq.EVENT_HANDSHAKE_SUCCEEDED:  # which does not say whose it was
                    self._failure = event  # nor does this: the disconnection that follows does
            if most < math.inf:
                return len(events) == most
        return False

    def _accepted(self, descriptor: int) -> None:
        if descriptor in self._connections:
            self._gone(descriptor)
        account = Account(self._limits[0], self.encrypted)
        connection = _Connection(next(self._numbers), descriptor, descriptors.identify(descriptor), account)
        self._connections[descriptor] = connection
        self._by_number[connection.number] = connection
        self.counts.accepted += 1
        if descriptor >= self._last_descriptor or len(self._connections) > self._max:
            enough = len(self._connections) - 1
            self._cut_off(connection, "full", f"was turned away: {enough} connections are enough")
        elif connection.identity.inode:
            self._plan(connection, self._now)

    def _gone(self, descriptor: int) -> None:
        connection = self._connections.pop(descriptor, None)
        failure, self._failure = self._failure, None
        if connection is None:
            return
        del self._by_number[connection.number]
        self._open -= connection.seen
        connection.due = math.inf
        if connection.ending and connection.account.open > MIB:
            self._tidy_at = min(self._tidy_at, self._now + TIDY_S)  # ZeroMQ frees it meanwhile
        said = ""
        if failure is None and self.encrypted and not (connection.spoke or connection.ending):
            failure = _UNEXPLAINED
        if failure is not None:
            self.counts.troubles += 1
            what, why = f"{failure.event} {failure.value}", listener_trouble(failure, self.encrypted)
            self._tell("refused", connection, self._say(connection, what, why))
        elif self._hears and not connection.spoke and not connection.ending:
            self.counts.troubles += 1
            said = self._say(connection, "silent", "went without one message: another protocol, or a look at the port")
        self._tell("gone", connection, said)

    def _tell(self, kind: Kind, connection: _Connection, text: str) -> None:
        self._facts.append(Fact(kind, connection.descriptor, connection.peer, text, connection=connection.number))

    def _say(self, connection: _Connection, what: str, text: str) -> str:
        return self._reminder.say(what, connection.host, f"{connection.peer} {text}", self._now) if text else ""

    # bytes --------------------------------------------------------------------------------------------------------

    def _plan(self, connection: _Connection, due: float) -> None:
        if not connection.ending and self._wakeups is not None:
            connection.due = due
            heapq.heappush(self._agenda, (due, next(self._order), connection))

    def _look(self, connection: _Connection) -> None:
        connection.due = math.inf
        count = descriptors.received(connection.descriptor)
        if count < 0:
            return
        account = connection.account
        elapsed = self._now - account.looked
        grown = account.look(count, self._now)
        self._received += grown
        self._open += account.open - connection.seen
        connection.seen = account.open
        if account.open > account.limit:
            self._cut_off(connection, "cut", f"was cut off: {_mb(account.open)} that make no message")
            return
        self._check_memory(account)
        if grown <= 0 and not account.admitted and self._wakeups is not None:
            self._wakeups.arm(connection.descriptor)
        self._plan(connection, account.next_look(grown, elapsed, len(self._agenda)))

    def _check_memory(self, account: Account) -> None:
        """If memory grew beyond reason while this one was sending, the one with most unfinished business goes."""
        if account.open < NOTABLE_BYTES and account.mark is None:
            return
        grown = account.suspicious(resident_bytes(), self._received)
        if grown < UNEXPLAINED_BYTES:
            return
        marked = [one for one in self._connections.values() if one.account.mark and not one.ending]
        if PART_COST * sum(one.account.open for one in marked) > grown // 2:
            largest = max(marked, key=lambda one: one.account.open)
            self._cut_off(largest, "cut", f"was cut off: its unfinished message takes {_mb(grown)}")

    def _hold_total(self) -> None:
        """All together may hold so much; the largest that was not admitted pays, else the largest."""
        while self._open > self._total:
            candidates = [one for one in self._connections.values() if not one.ending and one.seen]
            if not candidates:
                return
            largest = max(candidates, key=lambda one: (not one.account.admitted and one.seen > MIB, one.seen))
            before = largest.seen
            self._look(largest)
            if largest.seen >= before and not largest.ending:
                self._cut_off(largest, "cut", f"was cut off: all connections together hold {_mb(self._open)}")

    def _cut_off(self, connection: _Connection, what: str, text: str) -> None:
        self._end(connection, self._say(connection, what, text))

    def _end(self, connection: _Connection, text: str) -> None:
        """Shut the connection down; ZeroMQ notices, closes it and frees what it held."""
        descriptors.shut(connection.descriptor, connection.identity.inode)
        connection.ending = True
        connection.due = math.inf
        self._open -= connection.seen
        connection.seen = 0
        self.counts.cut += 1
        self._tell("cut", connection, text)


class _Wakeups:
    """Readable when the monitor has news or an armed connection receives something."""

    def __init__(self, monitor: int) -> None:
        self._monitor = monitor
        self._epoll = select.epoll()
        self._epoll.register(monitor, select.EPOLLIN)

    def fileno(self) -> int:
        return self._epoll.fileno()

    def arm(self, descriptor: int) -> None:
        """Wake once, at the next byte, unless ZeroMQ has read it before we look. Closing disarms."""
        mask = select.EPOLLIN | select.EPOLLONESHOT
        try:
            try:
                self._epoll.modify(descriptor, mask)
            except FileNotFoundError:
                self._epoll.register(descriptor, mask)
        except OSError:  # closed meanwhile
            return

    def ready(self) -> list[int]:
        return [descriptor for descriptor, _ in self._epoll.poll(0) if descriptor != self._monitor]

    def close(self) -> None:
        self._epoll.close()


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
