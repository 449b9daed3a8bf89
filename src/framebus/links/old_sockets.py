"""Sockets towards programs that speak another system's messages over plain ZeroMQ: no keys, no handshake of ours.

A `Station` is used by one thread; whoever wants something of that thread rings a bell it waits on. Sockets come from
`sockets`, so they have its limits and heartbeats; little is queued in them, because the newest frame matters.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import zmq

from framebus.core.addresses import Link, Peer
from framebus.core.errors import AddressError
from framebus.core.hosts import is_loopback
from framebus.links import sockets
from framebus.links.admission import require_admission
from framebus.links.doorman import on_duty
from framebus.links.fact import Fact
from framebus.links.forbidden import Forbidden
from framebus.links.guard import Guard
from framebus.links.guarded import guarded
from framebus.links.keys import KeyStore
from framebus.links.leaving import tidy_at_exit
from framebus.links.monitor import Watch
from framebus.links.reminder import Reminder

MAX_PARTS = 5
"""No message of these systems has more; of what is longer the rest is dropped, so that it is refused by its length."""
BATCH = 64
SLICE_S = 0.5
"""Longest sleep in one piece."""
REDIAL_S = 1.0
COPY_BELOW = 65_536
"""Parts smaller than this are copied into the message, which is cheaper than keeping track of them."""

NOBLOCK, NOBLOCK_MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)

log = logging.getLogger("framebus")

Prepare = Callable[[sockets.Socket], object]
Parts = list[zmq.Frame]


class Station:
    """One socket, and what watches its connections. Made by `calling` or `listening`; close it in the same thread."""

    def __init__(
        self, socket: sockets.Socket, lookout: Guard | Watch, domain: str = "", peers: Sequence[str] = ()
    ) -> None:
        self.socket = socket
        self._peers = peers
        self._lookout = lookout
        self._domain = domain
        self._redial: dict[str, float] = {}
        """Addresses that ZeroMQ has given up because they refused us, and when to try again."""
        self._poller = zmq.Poller()
        self._poller.register(lookout.fileno(), zmq.POLLIN)

    @property
    def address(self) -> str:
        """Where it listens, with the port the system chose; empty for one that called."""
        return sockets.bound_to(self.socket) if isinstance(self._lookout, Guard) else ""

    def facts(self) -> list[Fact]:
        """What has happened to its connections since; what people should know is logged."""
        now = time.monotonic()
        facts = self._lookout.drive(now)
        for fact in facts:
            if fact.text:
                log.warning("%s", fact.text)
            if fact.final:
                for address in self._called(fact.peer):
                    self._redial.setdefault(address, now + REDIAL_S)
        for address in [address for address, due in self._redial.items() if due <= now]:
            del self._redial[address]
            self._call_again(address)
        return facts

    def connection(self, part: zmq.Frame) -> int:
        """The number, as in `facts`, of the connection that `part` has just come on; -1 where it has ended since."""
        descriptor = _property(part, zmq.SRCFD, -1)
        return self._lookout.connection(descriptor) if isinstance(self._lookout, Guard) else -1

    def receive(self) -> Parts | None:
        """The next message, now or not at all; at most `MAX_PARTS` of its parts."""
        try:
            first = self.socket.recv(NOBLOCK, False)
        except zmq.ZMQError as error:
            if error.errno in (zmq.EAGAIN, zmq.EFSM):  # a REQ that has not asked
                return None
            raise
        parts, sizes, last = [first], [len(first)], first
        while last.more:
            last = self.socket.recv(NOBLOCK, False)
            sizes.append(len(last))
            if len(parts) < MAX_PARTS:
                parts.append(last)
        self._account(first, sizes)
        return parts

    def messages(self) -> Iterator[Parts]:
        """What has come, some of it at least: nobody who sends without end keeps us from anything else."""
        for _ in range(BATCH):
            if (parts := self.receive()) is None:
                return
            yield parts

    def send(self, parts: Sequence[Any]) -> bool:
        """Send a message of bytes and memoryviews, now or not at all: False where nobody takes it now."""
        try:
            for part in parts[:-1]:
                self.socket.send(part, NOBLOCK_MORE)
            last = parts[-1]
            self.socket.send(last, NOBLOCK, memoryview(last).nbytes < COPY_BELOW)
        except zmq.ZMQError as error:
            if error.errno in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                return False
            raise
        return True

    def wait(self, bell: int, until: float, *, room: bool = False) -> None:
        """Sleep until a message came, something happened, the bell rings, `until`; or there is `room` to send."""
        now = time.monotonic()
        until = min(until, now + SLICE_S, *self._redial.values())
        if isinstance(self._lookout, Guard):
            until = min(until, self._lookout.deadline)
        self._poller.register(bell, zmq.POLLIN)
        self._poller.register(self.socket, zmq.POLLIN | (zmq.POLLOUT if room else 0))
        self._poller.poll(max(0, int((until - now) * 1000) + 1))

    def close(self, linger_ms: int = 0) -> None:
        """Free everything; what is queued may leave for `linger_ms` more, which nobody waits for."""
        if self._domain:
            on_duty().unregister(self._domain)
        self._lookout.close()
        self.socket.close(linger_ms)

    def _called(self, resolved: str) -> list[str]:
        """What was called at an address that ZeroMQ may have looked up; at a pinch, all at the same port."""
        port = resolved.rpartition(":")[2]
        same = [address for address in self._peers if address.rpartition(":")[2] == port]
        return [resolved] if resolved in same else same

    def _call_again(self, address: str) -> None:
        with contextlib.suppress(zmq.ZMQError):
            self.socket.disconnect(address)  # while it knows the address, connecting to it does nothing
        sockets.connect(self.socket, address)

    def _account(self, first: zmq.Frame, sizes: Sequence[int]) -> None:
        if isinstance(self._lookout, Guard):
            # an XPUB does not say whose subscription it was; these bytes are few, and forgiven
            self._lookout.delivered(self.connection(first), *sizes[1:])


def calling(
    kind: int,
    peers: Sequence[Peer],
    *,
    queue: int = 1,
    reminder: Reminder | None = None,
    prepare: Prepare = lambda socket: None,
) -> Station:
    """A socket of `kind` that connects to all of `peers` and keeps trying; `queue` messages are held for each.

    Raises `AddressError` for a peer that names no machine.
    """
    tidy_at_exit()
    socket = sockets.dialler([], kind=kind, queue=queue)
    watch = Watch(socket, encrypted=False, reminder=reminder)
    try:
        prepare(socket)
        for peer in peers:
            if not peer.host:
                raise AddressError(f"cannot connect to tcp://{peer}: it names no machine")
            sockets.connect(socket, f"tcp://{peer}")
        return Station(socket, watch, peers=[f"tcp://{peer}" for peer in peers])
    except BaseException:
        watch.close()
        socket.close(0)
        raise


def listening(
    kind: int,
    address: Link,
    *,
    allow: Sequence[str] = (),
    insecure: bool = False,
    queue: int = 1,
    max_bytes: int = sockets.MAX_HEADER_BYTES,
    prepare: Prepare = lambda socket: None,
) -> Station:
    """A socket of `kind` bound to `address`, for peers of this machine, or those in `allow`, or anybody: `insecure`.

    `max_bytes` limits one part of what comes in. Raises `Unavailable` where the port cannot be had, and where nothing
    was said about who may connect.
    """
    peer = address.peers[0]
    policy = _policy(peer, allow, insecure)
    tidy_at_exit()
    socket, guard, domain = guarded(peer, policy, kind=kind, queue=queue, max_bytes=max_bytes, prepare=prepare)
    return Station(socket, guard, domain)


def peer_address(parts: Parts) -> str:
    """The network address a message came from; empty where ZeroMQ does not know."""
    return str(_property(parts[-1], "Peer-Address", ""))


def _policy(peer: Peer, allow: Sequence[str], insecure: bool) -> Any:
    """Who may connect. Old programs have no keys, so having some here changes nothing for them."""
    if not (allow or insecure or is_loopback(peer.host)):
        where = f"on {peer.host}" if peer.host else "to the network"
        raise Forbidden(
            f"listening {where} needs to know who may connect, and programs of other systems have no keys:\n"
            "  allow='ADDRESS' (--allow ADDRESS)   lets in an address or network, such as 192.168.1.0/24\n"
            "  insecure=True (--insecure)          lets in anybody who can reach the port, unencrypted"
        )
    return require_admission(peer.host, KeyStore(), insecure, allow)


def _property(frame: zmq.Frame, name: Any, otherwise: Any) -> Any:
    with contextlib.suppress(zmq.ZMQError, ValueError):
        return frame.get(name)
    return otherwise
