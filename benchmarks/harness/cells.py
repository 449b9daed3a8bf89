"""The measurements of one transport at one size: one sender with N readers, and there and back."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Semaphore
from statistics import median, quantiles

from benchmarks.harness.credits import Credits, CreditWriter
from benchmarks.harness.flow import Budget, Driver, Flow, Receive, Send, join, receive_for_ever
from benchmarks.harness.frames import PROBE, Frames, number_of
from benchmarks.harness.meters import MemoryMeter, cpu_seconds
from benchmarks.harness.processes import FORK, Child, free_ports
from benchmarks.peers.base import Peer, Prepares, Wire

_HUNG_AFTER_S = 15.0
_WARM_UP_S, _WARM_UP_FRAMES = 0.1, 12
Values = dict[str, float]


@dataclass(frozen=True)
class Link:
    """One sender and its readers in the making: the transport, its ports, its credit pipes and who goes first."""

    peer: Peer
    wire: Wire
    pipes: tuple[tuple[int, int], ...]
    gate: Semaphore

    @classmethod
    def plan(cls, peer: Peer, readers: int, lossless: bool) -> Link:
        """A link on free ports; nothing is opened yet."""
        pipes = tuple(os.pipe() for _ in range(readers))
        wire = Wire(free_ports(readers), lossless)
        if isinstance(peer, Prepares):
            wire = replace(wire, inherited=peer.prepare(wire))
        return cls(peer, wire, pipes, FORK.Semaphore(0))

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

    def close(self) -> None:
        """Close the pipes, and discard what the peer prepared."""
        if isinstance(self.peer, Prepares):
            self.peer.discard(self.wire.inherited)
        for pipe in self.pipes:
            for descriptor in pipe:
                os.close(descriptor)

    def _wait_for(self, side: str, times: int) -> None:
        for _ in range(times if self.peer.listens == side else 0):
            if not self.gate.acquire(timeout=_HUNG_AFTER_S):
                raise TimeoutError(f"the {side} did not open")

    def _tell(self, side: str, times: int) -> None:
        for _ in range(times if self.peer.listens == side else 0):
            self.gate.release()


def one_to_many(peer: Peer, frames: Frames, readers: int, budget: Budget, lossless: bool) -> Values:
    """One sender, `readers` readers in processes of their own; window, length and frames by `budget`."""
    link = Link.plan(peer, readers, lossless)
    children = [Child(_read, link, index) for index in range(readers)]
    children.append(Child(_send, link, frames, budget, tuple(child.pid for child in children)))
    try:
        return children[-1].result(_HUNG_AFTER_S, beside=children[:-1])
    finally:
        for child in children:
            child.kill()
        link.close()


def there_and_back(peer: Peer, frames: Frames, budget: Budget) -> Values:
    """A client sends a frame, a server sends the whole frame back over a second link of the same kind."""
    out, back = Link.plan(peer, 1, lossless=False), Link.plan(peer, 1, lossless=False)
    server, client = Child(_serve, out, back), Child(_ask, out, back, frames, budget)
    try:
        return client.result(_HUNG_AFTER_S, beside=[server])
    finally:
        server.kill()
        client.kill()
        out.close()
        back.close()


def _read(link: Link, index: int) -> None:
    receive_for_ever(link.receiver(index), link.credit_writer(index))


def _send(link: Link, frames: Frames, budget: Budget, readers: tuple[int, ...]) -> Values:
    pids = (*readers, os.getpid())
    memory = MemoryMeter(pids)
    send, credits = link.sender(), link.credits()
    join(send, frames, credits)
    driver = Driver(send, frames, credits)
    window = min(budget.window, link.peer.max_window)
    driver.drive(Budget(_WARM_UP_S, _WARM_UP_FRAMES, window))
    before = cpu_seconds(pids)
    flow = driver.drive(replace(budget, window=window))
    return _summary(flow, cpu_seconds(pids) - before, len(readers)) | {"memory_mb": memory.peak_mb()}


def _summary(flow: Flow, cpu_s: float, readers: int) -> Values:
    late = flow.late_ns or [0]
    delivered = flow.sent - flow.lost / readers
    return {
        "frames": flow.sent,
        "lost": flow.lost,
        "one_way_us": median(late) / 1e3,
        "one_way_p99_us": quantiles(late, n=100)[98] / 1e3 if len(late) > 1 else late[0] / 1e3,
        "frames_per_s": delivered / flow.seconds,
        "cpu_s_per_1000": cpu_s / max(delivered, 1) * 1000,
    }


def _serve(out: Link, back: Link) -> None:
    receive, arrivals = out.receiver(0), out.credit_writer(0)
    frame = receive()
    arrivals.give(PROBE, time.monotonic_ns())
    send = back.sender()
    credits = back.credits()
    while not credits.all_joined(0.0):
        send(frame)
        credits.all_joined(0.03)
    while True:
        frame = receive()
        if number_of(frame) != PROBE:
            send(frame)


def _ask(out: Link, back: Link, frames: Frames, budget: Budget) -> Values:
    send = out.sender()
    join(send, frames, out.credits())
    receive = back.receiver(0)
    number_of(receive())
    back.credit_writer(0).give(PROBE, time.monotonic_ns())
    for number in range(1, 9):
        _round_trip(send, receive, frames, number)
    trips, deadline = [], time.monotonic() + budget.seconds
    while len(trips) < 8 or (time.monotonic() < deadline and len(trips) < budget.frames):
        trips.append(_round_trip(send, receive, frames, 9 + len(trips)))
    return {"round_trip_us": median(trips) / 1e3, "frames": len(trips)}


def _round_trip(send: Send, receive: Receive, frames: Frames, number: int) -> int:
    frame = frames.numbered(number)
    began = time.monotonic_ns()
    send(frame)
    while number_of(receive()) != number:
        pass
    return time.monotonic_ns() - began
