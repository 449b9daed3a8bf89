"""A thousand small senders into one hub: `python -m benchmarks.hub`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.fan_in import hubs, senders
from benchmarks.fan_in.board import Board
from benchmarks.fan_in.load import Plan, run_load
from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import FORK, Child, free_ports
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values

HUBS: dict[str, tuple[hubs.Hub, senders.Sender, str]] = {
    "framebus": (hubs.framebus_hub, senders.Framebus, "framebus"),
    "framebus newest": (hubs.framebus_newest_hub, senders.Framebus, "framebus"),
    "imagezmq REP": (hubs.imagezmq_hub, senders.ImageZmq, "imagezmq"),
    "pyzmq ROUTER": (hubs.router_hub, senders.Plain, "zmq"),
}
"""Name to the hub, to what speaks to it, and to the package it needs."""

_LOADS = 2
_SETTLE_S = 1.0
_COLUMNS = {
    "arrived_per_s": "frames/s",
    "lost": "lost",
    "cpu_us": "CPU µs/frame",
    "late_ms": "late, ms (median)",
    "late_p99_ms": "late, ms (99 %)",
    "hub_cpu_percent": "hub CPU %",
    "behind_s": "senders behind, s",
}


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    plan = Plan(told.senders // _LOADS, told.rate, told.seconds)
    missing = {name: f"no {HUBS[name][2]}" for name in told.only if not find_spec(HUBS[name][2])}
    block = f"{told.senders} senders × {told.rate:g} frames/s × 15 KB for {told.seconds:g} s"
    cells = {name: partial(under_load, *HUBS[name][:2], plan) for name in told.only if name not in missing}
    measure("hub", {block: cells}, render, told, missing=missing)


def under_load(hub: hubs.Hub, sender: senders.Sender, plan: Plan) -> Values:
    """One hub under the whole load; its CPU time covers all its threads, once everybody is sending."""
    (port,) = free_ports(1)
    board, joined = Board(_LOADS, int(plan.senders * _LOADS * plan.beats * 1.1) + 1000), FORK.Semaphore(0)
    with Child(hub, port, board) as serving, ExitStack() as running:
        loads = [running.enter_context(Child(run_load, sender, port, at, plan, board, joined)) for at in range(_LOADS)]
        for _ in range(_LOADS):
            if not joined.acquire(timeout=30):
                loads[0].result(0.1)
        return _observe(board, serving.pid, loads, plan)


def _observe(board: Board, pid: int, loads: Sequence[Child[float]], plan: Plan) -> Values:
    time.sleep(_SETTLE_S)
    start_ns = time.monotonic_ns() + 100_000_000
    board.start(start_ns)
    time.sleep(0.1 + _SETTLE_S)
    first, cpu, began = board.arrivals, cpu_ns(pid), time.monotonic()
    time.sleep(max(0.1, plan.seconds - _SETTLE_S - 0.2))
    last, spent, seconds = board.arrivals, cpu_ns(pid) - cpu, time.monotonic() - began
    behind = max(load.result(plan.seconds + 30) for load in loads)
    late = board.late_ms(first, last)
    return {
        "arrived_per_s": (last - first) / seconds,
        "offered": board.offered,
        "lost": board.offered - board.arrivals,
        "cpu_us": spent / 1e3 / max(1, last - first),
        "hub_cpu_percent": spent / 1e7 / seconds,
        "late_ms": float(np.median(late)) if len(late) else 0.0,
        "late_p99_ms": float(np.quantile(late, 0.99)) if len(late) else 0.0,
        "behind_s": behind,
    }


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    return page(*block_medians(data["values"], HUBS, _COLUMNS), notes(data))


def _options() -> Options:
    told = Options("hub", __doc__, quick="one round of three seconds")
    told.add_argument("--only", nargs="+", choices=HUBS, default=list(HUBS))
    told.add_argument("--senders", type=int, default=1000)
    told.add_argument("--rate", type=float, default=10.0, help="frames per second of each")
    told.add_length("--seconds", 5.0, 3.0, "length of a measurement")
    told.add_length("--rounds", 2, 1, "paired rounds")
    return told


if __name__ == "__main__":
    main()
