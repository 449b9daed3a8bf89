"""The measurements of one transport at one size: one sender with N readers, there and back, and until it is taken."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from statistics import median, quantiles

from benchmarks.harness.flow import Budget, Driver, Flow, join, receive_for_ever
from benchmarks.harness.frames import PROBE, Frames, number_of
from benchmarks.harness.link import Link
from benchmarks.harness.meters import MemoryMeter, cpu_seconds
from benchmarks.harness.processes import Child
from benchmarks.harness.rounds import Values
from benchmarks.peers.base import Peer, Receive, Send

_HUNG_AFTER_S = 15.0
_WARM_UP_S, _WARM_UP_FRAMES = 0.1, 12
_WARM_UP_TRIPS = _FEWEST_TRIPS = 8
_LOST_AFTER_S = 1.0


def one_to_many(peer: Peer, frames: Frames, readers: int, budget: Budget, lossless: bool) -> Values:
    """One sender, `readers` readers in processes of their own; window, length and frames by `budget`."""
    with Link.plan(peer, readers, lossless) as link, ExitStack() as running:
        children = [running.enter_context(Child(_read, link, index)) for index in range(readers)]
        pids = tuple(child.pid for child in children)
        sender = running.enter_context(Child(_send, link, frames, budget, pids))
        return sender.result(_HUNG_AFTER_S, beside=children)


def there_and_back(peer: Peer, frames: Frames, budget: Budget) -> Values:
    """A client sends a frame, a server sends the whole frame back over a second link of the same kind."""
    with (
        Link.plan(peer, 1, lossless=False) as out,
        Link.plan(peer, 1, lossless=False) as back,
        Child(_serve, out, back) as server,
        Child(_ask, out, back, frames, budget) as client,
    ):
        return client.result(_HUNG_AFTER_S, beside=[server])


def until_taken(peer: Peer, frames: Frames, budget: Budget) -> Values:
    """One sender, one reader: from before `send` until it has returned and the reader's credit is there."""
    with (
        Link.plan(peer, 1, lossless=True) as link,
        Child(_read, link, 0) as reader,
        Child(_send_one_by_one, link, frames, budget) as sender,
    ):
        return sender.result(_HUNG_AFTER_S, beside=[reader])


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
    return _trips(lambda number: _round_trip(send, receive, frames, number), budget)


def _round_trip(send: Send, receive: Receive, frames: Frames, number: int) -> int:
    frame = frames.numbered(number)
    began = time.monotonic_ns()
    send(frame)
    while number_of(receive()) != number:
        pass
    return time.monotonic_ns() - began


def _send_one_by_one(link: Link, frames: Frames, budget: Budget) -> Values:
    send, credits = link.sender(), link.credits()
    join(send, frames, credits)

    def trip(number: int) -> int:
        frame = frames.numbered(number)
        credits.sent(number)
        send(frame)
        if not credits.wait(number, _LOST_AFTER_S):
            raise TimeoutError(f"frame {number} was lost")
        return time.monotonic_ns() - credits.sent_ns[number]

    return _trips(trip, budget)


def _trips(trip: Callable[[int], int], budget: Budget) -> Values:
    """The median of `trip(number)`, in nanoseconds, over as many numbers as the budget allows."""
    for number in range(1, _WARM_UP_TRIPS + 1):
        trip(number)
    trips: list[int] = []
    deadline = time.monotonic() + budget.seconds
    while len(trips) < _FEWEST_TRIPS or (time.monotonic() < deadline and len(trips) < budget.frames):
        trips.append(trip(_WARM_UP_TRIPS + 1 + len(trips)))
    return {"round_trip_us": median(trips) / 1e3, "frames": len(trips)}
