"""Where the workers of an older image-folder program come to: a ROUTER that they ask, and a PUB that sends them home.

They connect with a DEALER and a SUB, over ipc or tcp. Over ipc both sockets are files of one folder, the second called
`publisher.ipc`; over tcp the second has the next port.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import zmq

from framebus.core.addresses import Link, parse
from framebus.core.closing import Closing
from framebus.core.errors import AddressError
from framebus.core.hosts import Peer
from framebus.links import ipc
from framebus.links.guarded import watched
from framebus.links.old_sockets import Station, listening
from framebus.wire.dialects import split_envelope
from framebus.wire.dialects.workers import MAX_RESULT_BYTES
from framebus.wire.layout import Buffer

PUBLISHER = "publisher.ipc"
LINGER_MS = 300
ENDED = -1
QUEUE = 64
"""Messages of each worker that wait: one that keeps to the rules has one."""


class News(NamedTuple):
    """Something about a worker."""

    worker: bytes
    parts: Sequence[Buffer] | None
    """What it said, without its envelope; None: its connection has ended."""


class Desk(Closing):
    """Both sockets at `address`. Used by one thread, in which it is made and closed."""

    def __init__(self, address: Link, allow: Sequence[str] = (), *, insecure: bool = False) -> None:
        """Listen; raises `Unavailable` for an address that cannot be had, and where nobody was allowed to connect."""
        self.address = str(address)
        self._files: list[ipc.File] = []
        self._connections: dict[bytes, int] = {}
        self._router = self._listening(zmq.ROUTER, address, allow, insecure)
        try:
            self._publisher = self._listening(zmq.PUB, _second(address), allow, insecure)
        except BaseException:
            self._router.close()
            self._close_files()
            raise

    def news(self) -> Iterator[News]:
        """What was said and who has gone since the last time; some of it at least."""
        self._publisher.facts()
        gone = {fact.connection for fact in self._router.facts() if fact.kind == "gone"}
        for worker in [worker for worker, connection in self._connections.items() if connection in gone]:
            del self._connections[worker]
            yield News(worker, None)
        for frames in self._router.messages():
            worker = frames[0].bytes
            parts: list[Buffer] = [frame.buffer for frame in frames]
            said = News(worker, split_envelope(parts)[1])
            if (connection := self._router.connection(frames[0])) == ENDED:
                self._connections.pop(worker, None)
                yield from (said, News(worker, None))
            else:
                self._connections[worker] = connection
                yield said

    def __len__(self) -> int:
        """Workers whose connection stands."""
        return len(self._connections)

    def send(self, worker: bytes, parts: Sequence[Buffer]) -> bool:
        """Tell one worker something; False where it cannot be reached any more."""
        return worker in self._connections and self._router.send([worker, *parts])

    def publish(self, parts: Sequence[Buffer]) -> None:
        """Tell all of them, as far as they are connected there."""
        self._publisher.send(parts)

    def wait(self, bell: int, limit_s: float) -> None:
        """Until somebody says something, the bell rings, or for so long at most."""
        self._router.wait(bell, time.monotonic() + limit_s)

    def close(self) -> None:
        """Let go of the address; what was published may still leave."""
        self._router.close()
        self._publisher.close(LINGER_MS)
        self._close_files()

    def _listening(self, kind: int, address: Link, allow: Sequence[str], insecure: bool) -> Station:
        if address.scheme == "tcp":
            return listening(kind, address, allow=allow, insecure=insecure, queue=QUEUE, max_bytes=MAX_RESULT_BYTES)
        self._files.append(ipc.File(os.path.abspath(address.path)))
        descriptor = os.dup(self._files[-1].socket.fileno())  # ZeroMQ takes it over
        socket, guard = watched(
            f"ipc://{os.path.abspath(address.path)}",
            kind=kind,
            queue=QUEUE,
            max_bytes=MAX_RESULT_BYTES,
            prepare=lambda socket: socket.set(zmq.USE_FD, descriptor),
        )
        return Station(socket, guard)

    def _close_files(self) -> None:
        for file in self._files:
            file.close()


def address_of(text: str) -> Link:
    """The address that is meant; raises `AddressError` for what no such worker could connect to."""
    address = parse(text)
    if isinstance(address, Link) and not address.dialect and not address.streams and _reachable(address):
        return address
    raise AddressError(f"workers cannot join at {text}: give ipc://router.ipc, or tcp://*:5555 for other machines")


def _reachable(address: Link) -> bool:
    return address.scheme == "ipc" or (address.scheme == "tcp" and len(address.peers) == 1)


def _second(address: Link) -> Link:
    """Where the other socket is."""
    if address.scheme == "ipc":
        return msgspec.structs.replace(address, path=os.path.join(os.path.dirname(address.path), PUBLISHER))
    peer = address.peers[0]
    return msgspec.structs.replace(address, peers=(Peer(peer.host, peer.port + 1),))
