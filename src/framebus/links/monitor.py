"""What happens to the connections of a ZeroMQ socket, in words people understand.

`Monitor` reads the events of any socket; `Watch` tells a dialler's story from them. `Guard` does the same for
listeners, in `guard.py`.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import struct
from typing import NamedTuple

import zmq

from framebus.links import sockets
from framebus.links.fact import Fact
from framebus.links.reminder import Reminder

EVENTS = (
    zmq.EVENT_ACCEPTED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
PLAIN_EVENTS = EVENTS | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
"""Where nothing is encrypted. In libzmq 4.3.5 this event overwrites the error of a damaged encrypted message with that
of a full queue: the connection is kept, broken, and its next heartbeat aborts the process."""
MECHANISM_MISMATCH = 0x11000002

_numbers = itertools.count(1)
_plain_event = struct.Struct("=HI").unpack_from


class Event(NamedTuple):
    """One of ZeroMQ's events: which, its number (a descriptor or an error), and the socket's own address."""

    event: int
    value: int
    address: str


class Monitor:
    """The events of one socket, from now on. Used by whoever drives the socket; `close()` it before the socket."""

    def __init__(self, socket: sockets.Socket, *, encrypted: bool) -> None:
        self._socket = socket
        address = f"inproc://framebus-monitor-{next(_numbers)}"
        socket.monitor(address, EVENTS if encrypted else PLAIN_EVENTS)
        self._pair: sockets.Socket = sockets.context().socket(zmq.PAIR)
        self._pair.set(zmq.LINGER, 0)
        self._pair.set(zmq.RCVHWM, 0)  # a full queue would block ZeroMQ's own thread
        self._pair.connect(address)

    def fileno(self) -> int:
        """ZeroMQ's edge-triggered descriptor: `read()` until it returns nothing."""
        return int(self._pair.get(zmq.FD))

    def read(self, most: float = math.inf) -> list[Event]:
        """Everything that has happened since, or the `most` that are longest ago; empty when nothing has."""
        events: list[Event] = []
        while len(events) < most:
            try:
                first, address = self._pair.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return events
            event, value = _plain_event(first)
            events.append(Event(event, value, address.decode(errors="replace")))
        return events

    def close(self) -> None:
        """Stop listening; more than once is fine."""
        if not self._socket.closed:
            with contextlib.suppress(zmq.ZMQError):
                self._socket.monitor(None, 0)
        self._pair.close(0)


class Watch:
    """What happens to a dialler's connections; `encrypted` when it was given keys.

    Whoever dials again and again gives each watch the same `reminder`, so that a thing is not said at every attempt.
    """

    def __init__(self, socket: sockets.Socket, *, encrypted: bool, reminder: Reminder | None = None) -> None:
        self._monitor = Monitor(socket, encrypted=encrypted)
        self.encrypted = encrypted
        self._explained = False
        """Whether it is known how the connection of now came to stand, or not to."""
        self._reminder = Reminder() if reminder is None else reminder  # one that has said nothing is falsy

    def fileno(self) -> int:
        """Edge-triggered: call `drive` when it is readable."""
        return self._monitor.fileno()

    def drive(self, now: float) -> list[Fact]:
        """What has happened since; `now` in monotonic seconds."""
        return [fact for event in self._monitor.read() for fact in self._facts(event, now)]

    def close(self) -> None:
        """Stop watching; before the socket is closed."""
        self._monitor.close()

    def _facts(self, event: Event, now: float) -> list[Fact]:
        if event.event == zmq.EVENT_ACCEPTED:
            return []
        if event.event == zmq.EVENT_DISCONNECTED:
            explained, self._explained = self._explained or not self.encrypted, False
            gone = Fact("gone", event.value, event.address, final=self.encrypted)
            return [gone] if explained else [self._refusal(_MISMATCH._replace(address=event.address), now), gone]
        self._explained = True
        if event.event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            return [Fact("ready", peer=event.address)]
        return [self._refusal(event, now)]

    def _refusal(self, event: Event, now: float) -> Fact:
        text = f"{event.address} {_dialler_trouble(event, self.encrypted)}"
        final = event.event != zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        said = self._reminder.say(str(event.event), event.address, text, now)
        return Fact("refused", peer=event.address, text=said, final=final)


_MISMATCH = Event(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, MECHANISM_MISMATCH, "")


def _dialler_trouble(event: Event, encrypted: bool) -> str:
    mismatch = event.event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL and event.value == MECHANISM_MISMATCH
    if mismatch and encrypted:
        return (
            "is not encrypted, but this machine has a key for it, so nothing is sent: start it with keys, "
            "or forget the key (framebus keys revoke ADDRESS)"
        )
    if event.event == zmq.EVENT_HANDSHAKE_FAILED_AUTH and encrypted:
        return "does not allow our key (any more): ask there for `framebus keys invite NAME`, then `framebus keys join`"
    if mismatch or event.event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return "lets nobody in without a key: `framebus keys invite NAME` there, then `framebus keys join` here"
    if encrypted and event.event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return (
            "does not have the key it had when we were invited (or another machine answers there): if that is meant, "
            "`framebus keys invite NAME` there and `framebus keys join` here"
        )
    return "ends the connection before it stands: it may want a key, be no framebus or ZeroMQ port, or be full"


def listener_trouble(event: Event, encrypted: bool) -> str:
    """Why a listener refused a connection, to follow the peer's address in a sentence.

    Empty where admission refused it: that knows more, and says so.
    """
    if event.event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return ""
    if event.event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
        if event.value == MECHANISM_MISMATCH:
            return "wants an encrypted connection, but this port listens without keys"
        return "speaks an old version of ZeroMQ's protocol, or breaks its rules"
    if encrypted:
        return (
            "did not finish shaking hands: it may have no key, or an old one (`framebus keys invite NAME` here and "
            "`framebus keys join` there let it in), or speak another protocol"
        )
    return "did not finish shaking hands: another protocol, or a look at the port"
