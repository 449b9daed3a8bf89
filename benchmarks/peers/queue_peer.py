"""`multiprocessing`'s own `Queue` and `Pipe`: one for each reader, arrays pickled."""

from __future__ import annotations

from multiprocessing.connection import Connection
from multiprocessing.queues import Queue as MpQueue

from benchmarks.harness.frames import Array
from benchmarks.harness.processes import FORK
from benchmarks.peers.base import Peer, Receive, Send, Wire


class Queue(Peer):
    """`put` and `get`."""

    listens = "either"

    def prepare(self, wire: Wire) -> list[MpQueue[Array]]:
        return [FORK.Queue() for _ in wire.ports]

    def discard(self, inherited: list[MpQueue[Array]]) -> None:
        for queue in inherited:
            queue.close()

    def sender(self, wire: Wire) -> Send:
        queues = wire.inherited

        def send(frame: Array) -> None:
            for queue in queues:
                queue.put(frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        queue: MpQueue[Array] = wire.inherited[index]
        return queue.get


class Pipe(Peer):
    """`send` and `recv`."""

    listens = "either"

    def prepare(self, wire: Wire) -> list[tuple[Connection, Connection]]:
        return [FORK.Pipe(duplex=False) for _ in wire.ports]

    def discard(self, inherited: list[tuple[Connection, Connection]]) -> None:
        for pipe in inherited:
            for end in pipe:
                end.close()

    def sender(self, wire: Wire) -> Send:
        pipes = wire.inherited

        def send(frame: Array) -> None:
            for _, writing in pipes:
                writing.send(frame)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        reading: Connection = wire.inherited[index][0]
        return reading.recv
