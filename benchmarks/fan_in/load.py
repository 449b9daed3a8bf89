"""A load process: many senders, each offering frames at its own beat."""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.synchronize import Semaphore

import numpy as np
import zmq

from benchmarks.fan_in.board import Board
from benchmarks.fan_in.senders import Connection, Sender

_SHAPE = (100, 150)
_SHORTEST_SLEEP_S = 0.001


@dataclass(frozen=True)
class Plan:
    """How many senders there are in each load process, how often each sends, and for how long."""

    senders: int
    rate: float
    seconds: float

    @property
    def beats(self) -> int:
        """Frames per sender."""
        return round(self.rate * self.seconds)


def run_load(make: Sender, port: int, number: int, plan: Plan, board: Board, joined: Semaphore) -> float:
    """Connect, say so, wait for the start, send; returns by how many seconds it fell behind its schedule."""
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, plan.senders + 50)
    first = number * plan.senders
    connections = [make(context, port, first + index) for index in range(plan.senders)]
    _settle(connections)
    joined.release()
    start_ns = board.await_start()
    _send_all(connections, plan, board, number, start_ns)
    behind = (time.monotonic_ns() - start_ns) / 1e9 - plan.seconds
    for _ in range(20):
        time.sleep(0.05)
        for connection in connections:
            connection.catch_up()
    return max(0.0, behind)


def _settle(connections: list[Connection]) -> None:
    deadline = time.monotonic() + 20
    waiting = connections
    while waiting := [connection for connection in waiting if not connection.ready()]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(waiting)} senders were not welcomed by the hub")
        time.sleep(0.02)


def _send_all(connections: list[Connection], plan: Plan, board: Board, number: int, start_ns: int) -> None:
    frame = np.random.default_rng(number).integers(0, 256, _SHAPE, np.uint8)
    stamp = frame.reshape(-1)[:8].view(np.int64)
    step_ns = 1e9 / plan.rate / len(connections)
    offered = 0
    for _ in range(plan.beats):
        for connection in connections:
            _sleep_until(start_ns + offered * step_ns)
            stamp[0] = time.monotonic_ns()
            connection.offer(frame)
            offered += 1
        board.offer(number, offered)


def _sleep_until(due_ns: float) -> None:
    ahead = (due_ns - time.monotonic_ns()) / 1e9
    if ahead > _SHORTEST_SLEEP_S:
        time.sleep(ahead)
