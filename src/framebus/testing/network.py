"""A network without sockets on a virtual clock: connections that delay, freeze, break and come back.

It behaves like the real carriers: a connection keeps its order; what is under way when it breaks is lost towards the
end that called, and may arrive late, after the next connection's first words, at the end that listens. The calling end
is not told of a break; the listening one is, sooner or later, and each new connection has a handle of its own there.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random

from framebus.session.outgoing import Action, Delivery, Peer
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.wire import control

CALLED = "called"
"""The handle of the other side at an end that called."""
FOREVER = float("inf")

Place = Callable[[], "Node | None"]
"""Where a process may be: the one that is there now."""


class Network:
    """The clock, and everything that will happen."""

    def __init__(self, rng: Random, *, latency_s: float = 0.004, repeats: float = 0.0) -> None:
        self.rng = rng
        self.now = 0.0
        self.latency_s = latency_s
        self.repeats = repeats
        """How often a control message arrives twice."""
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time: float, event: Callable[[], None]) -> None:
        """`event` will happen at `time`."""
        heapq.heappush(self._events, (max(time, self.now), next(self._order), event))

    def run(self, until: float, over: Callable[[], bool] = lambda: False) -> None:
        """Let things happen until a time, or until it is `over`."""
        while self._events and self._events[0][0] <= until and not over():
            self.now, _, event = heapq.heappop(self._events)
            event()
        if not over():
            self.now = max(self.now, until)

    def delay(self) -> float:
        """How long the next message takes."""
        return self.rng.random() * self.latency_s


class Node:
    """A process with one end of links: it can sleep, and be killed."""

    def __init__(self, network: Network, session: PublisherSession | ReaderSession) -> None:
        self.network = network
        self.session = session
        self.alive = True
        self.asleep = False
        self.awake_since = 0.0
        self.overheard: Callable[[Peer, Action], None] = lambda peer, action: None
        """Told of everything that reaches this end."""
        self.stirred: Callable[[], None] = lambda: None
        """Called after every turn, as a waiting user would look again."""
        self._connections: dict[Peer, Connection] = {}
        self._mailbox: list[Callable[[], None]] = []
        self._tick_at = FOREVER

    def join(self, peer: Peer, connection: Connection) -> None:
        """A connection begins; `peer` is what it is called here."""
        self._connections[peer] = connection

    def part(self, peer: Peer) -> None:
        """A listening end notices that a connection is gone."""
        self._connections.pop(peer, None)
        self._handle(lambda: self.session.disconnected(peer, self.network.now))

    def take_in(self, peer: Peer, action: Action | None) -> None:
        """Something arrives; None is the probe that says that somebody connected."""
        self._handle(lambda: self._hear(peer, action))

    def _handle(self, event: Callable[[], None]) -> None:
        if self.alive and self.asleep:
            self._mailbox.append(event)
        elif self.alive:
            event()
            self.turn()

    def _hear(self, peer: Peer, action: Action | None) -> None:
        now = self.network.now
        if action is None:
            self.session.unexpected(peer, now)
            return
        self.overheard(peer, action)
        if isinstance(self.session, PublisherSession):
            assert not isinstance(action, Delivery), "a frame was sent to a publisher"
            self.session.received(peer, action, None, now)
        elif isinstance(action, Delivery):
            self.session.arrived(peer, action.entry.item.replace(), action.thinned, now)
        else:
            self.session.received(peer, action, now)

    def turn(self) -> None:
        """Send what is to be sent, and plan the next tick."""
        if not self.alive or self.asleep:
            return
        self._send()
        self.stirred()
        self._send()
        at = self.session.deadline(self.network.now)
        if at is not None and at < self._tick_at:
            self._tick_at = at
            self.network.at(at, lambda: self._tick(at))

    def _tick(self, at: float) -> None:
        if self._tick_at == at and self.alive and not self.asleep:
            self._tick_at = FOREVER
            self.session.tick(self.network.now)
            self.turn()

    def _send(self) -> None:
        out = self.session.out
        while out:
            batch = out[:]
            out.clear()
            for peer, action in batch:
                connection = self._connections.get(peer)
                if connection is not None:
                    connection.send(self, action)
                elif peer != CALLED:
                    self.session.disconnected(peer, self.network.now)
        if isinstance(self.session, ReaderSession):
            while self.session.dropped:
                connection = self._connections.get(self.session.dropped.pop())
                if connection is not None:
                    connection.cut(0.0)

    def sleep(self, duration: float) -> None:
        """The process is stopped; what arrives waits at its door."""
        self.asleep = True
        self.network.at(self.network.now + duration, self._wake)

    def _wake(self) -> None:
        self.asleep = False
        self.awake_since = self.network.now
        mailbox, self._mailbox = self._mailbox, []
        if self.alive:
            for event in mailbox:
                event()
            self._tick_at = self.network.now
            self._tick(self.network.now)

    def close(self) -> None:
        """The process ends in good order: what it has said still arrives."""
        self._send()
        self.alive = False
        for connection in list(self._connections.values()):
            self.network.at(self.network.now + self.network.latency_s, partial(connection.cut, 0.0))

    def die(self, notice_s: float = 0.0) -> None:
        """The process is gone, and its connections with it; listening ends are told after `notice_s`."""
        self.alive = False
        for connection in list(self._connections.values()):
            connection.cut(notice_s)


class Connection:
    """One life of a line between two nodes: in order while it lasts."""

    _handles = itertools.count()

    def __init__(self, network: Network, caller: Node, listener: Node, broken: Callable[[], None]) -> None:
        self.network = network
        self.broken = broken
        self.caller = caller
        self.listener = listener
        self.handle = f"caller {next(self._handles)}"
        self.up = True
        self.since = network.now
        self.frozen_until = 0.0
        self._busy_until = {True: 0.0, False: 0.0}
        self._under_way: dict[bool, deque[Action | None]] = {True: deque(), False: deque()}
        self._late_until = FOREVER
        caller.join(CALLED, self)
        listener.join(self.handle, self)
        self._transmit(True, None)

    def send(self, sender: Node, action: Action) -> None:
        """`sender` says something; lost when the connection is down, though nobody may know it yet."""
        if not self.up:
            return
        if not isinstance(action, Delivery):
            action = control.decode(control.encode(action))
            if self.network.rng.random() < self.network.repeats:
                self._transmit(sender is self.caller, action)
        self._transmit(sender is self.caller, action)

    def _transmit(self, inbound: bool, action: Action | None) -> None:
        time = max(self.network.now + self.network.delay(), self._busy_until[inbound], self.frozen_until)
        self._busy_until[inbound] = time
        self._under_way[inbound].append(action)
        self.network.at(time, lambda: self._arrive(inbound))

    def _arrive(self, inbound: bool) -> None:
        if self.network.now < self.frozen_until:
            self.network.at(self.frozen_until, lambda: self._arrive(inbound))
            return
        action = self._under_way[inbound].popleft()
        if inbound and self.network.now <= self._late_until:
            self.listener.take_in(self.handle, action)
        elif not inbound and self.up:
            self.caller.take_in(CALLED, action)

    @property
    def undisturbed_since(self) -> float:
        """Since when nothing but the two ends themselves could keep them from talking; `inf` when something can."""
        if not (self.up and self.caller.alive and self.listener.alive) or self.caller.asleep or self.listener.asleep:
            return FOREVER
        return max(self.since, self.frozen_until, self.caller.awake_since, self.listener.awake_since)

    def freeze(self, duration: float) -> None:
        """Nothing gets through for a while; nothing is lost."""
        self.frozen_until = max(self.frozen_until, self.network.now + duration)

    def cut(self, notice_s: float) -> None:
        """The connection breaks; the listening end is told after `notice_s`."""
        if self.up:
            self.up = False
            self._late_until = self.network.now + self.network.delay()
            gone_at = self.network.now + max(notice_s, self.network.latency_s)
            self.network.at(gone_at, lambda: self.listener.part(self.handle))
            self.broken()


class Line:
    """Two places where nodes may be, and the connection between them, renewed whenever both are there."""

    def __init__(self, network: Network, caller: Place, listener: Place) -> None:
        self.network = network
        self.connection: Connection | None = None
        self.connected: Callable[[Connection], None] = lambda connection: None
        self._ends = caller, listener
        self._waiting = False

    def connect(self) -> None:
        """Connect, now or as soon as both ends are there."""
        caller, listener = self._ends[0](), self._ends[1]()
        old, self._waiting = self.connection, False
        if caller is None or listener is None:
            self._connect_after(0.05)
        elif old is None or not old.up or old.caller is not caller or old.listener is not listener:
            self.connection = Connection(self.network, caller, listener, lambda: self._connect_after(0.05))
            self.connected(self.connection)
            caller.turn()

    def _connect_after(self, delay_s: float) -> None:
        if not self._waiting:
            self._waiting = True
            self.network.at(self.network.now + delay_s, self.connect)

    def cut(self, notice_s: float, down_s: float) -> None:
        """Break the connection; it comes back after `down_s`."""
        self._connect_after(down_s)
        if self.connection is not None:
            self.connection.cut(notice_s)
