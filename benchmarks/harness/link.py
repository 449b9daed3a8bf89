"""One sender and its readers, in processes of their own: who opens first, and what comes back from the readers."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Semaphore
from typing import Self

from benchmarks.harness.credits import Credits, CreditWriter
from benchmarks.harness.processes import FORK, free_ports
from benchmarks.peers.base import Peer, Prepares, Receive, Send, Wire

_HUNG_AFTER_S = 15.0


@dataclass(frozen=True)
class Link:
    """The transport, its ports, its credit pipes and who goes first, until the end of the `with` block."""

    peer: Peer
    wire: Wire
    pipes: tuple[tuple[int, int], ...]
    gate: Semaphore

    @classmethod
    def plan(cls, peer: Peer, readers: int, lossless: bool) -> Self:
        """A link on free ports; nothing is opened yet."""
        wire = Wire(free_ports(readers), lossless)
        if isinstance(peer, Prepares):
            wire = replace(wire, inherited=peer.prepare(wire))
        return cls(peer, wire, tuple(os.pipe() for _ in range(readers)), FORK.Semaphore(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipes, and discard what the peer prepared."""
        if isinstance(self.peer, Prepares):
            self.peer.discard(self.wire.inherited)
        for pipe in self.pipes:
            for descriptor in pipe:
                os.close(descriptor)

    def sender(self) -> Send:
        """Make the sending end, in the process that will use it."""
        self._wait_for("receivers", self.wire.readers)
        send = self.peer.sender(self.wire)
        self._tell("sender", self.wire.readers)
        return send

    def receiver(self, index: int) -> Receive:
        """Make a receiving end, in the process that will use it."""
        self._wait_for("sender", 1)
        receive = self.peer.receiver(self.wire, index)
        self._tell("receivers", 1)
        return receive

    def credits(self) -> Credits:
        """The sender's view of the credit pipes."""
        return Credits([reading for reading, _ in self.pipes])

    def credit_writer(self, index: int) -> CreditWriter:
        """The credit pipe of reader number `index`."""
        return CreditWriter(self.pipes[index][1])

    def _wait_for(self, side: str, times: int) -> None:
        for _ in range(times if self.peer.listens == side else 0):
            if not self.gate.acquire(timeout=_HUNG_AFTER_S):
                raise TimeoutError(f"the {side} did not open")

    def _tell(self, side: str, times: int) -> None:
        for _ in range(times if self.peer.listens == side else 0):
            self.gate.release()
