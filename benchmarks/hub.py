"""A thousand small senders into one hub: `python -m benchmarks.hub`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.fan_in import hubs, senders
from benchmarks.fan_in.board import Board
from benchmarks.fan_in.load import Plan, run_load
from benchmarks.harness.compare import middle
from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import FORK, Child, free_ports
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Values, run
from benchmarks.harness.tables import number, table

HUBS: dict[str, tuple[hubs.Hub, senders.Sender, str]] = {
    "framebus": (hubs.framebus_hub, senders.Framebus, "framebus"),
    "framebus newest": (hubs.framebus_newest_hub, senders.Framebus, "framebus"),
    "imagezmq REP": (hubs.imagezmq_hub, senders.ImageZmq, "imagezmq"),
    "pyzmq ROUTER": (hubs.router_hub, senders.Plain, "zmq"),
}
"""Name to the hub, to what speaks to it, and to the package it needs."""

_LOADS = 2
_SETTLE_S = 1.0
_COLUMNS = (
    ("arrived_per_s", "frames/s"),
    ("lost", "lost"),
    ("cpu_us", "CPU µs/frame"),
    ("late_ms", "late, ms (median)"),
    ("late_p99_ms", "late, ms (99 %)"),
    ("hub_cpu_percent", "hub CPU %"),
    ("behind_s", "senders behind, s"),
)


def main() -> None:
    """Measure, print, keep."""
    told = _arguments()
    result = Result("hub")
    plan = Plan(told.senders // _LOADS, told.rate, told.seconds)
    there = {name: what for name, what in HUBS.items() if name in told.only and find_spec(what[2])}
    block = f"{told.senders} senders × {told.rate:g} frames/s × 15 KB for {told.seconds:g} s"
    cells = {name: partial(measure, hub, sender, plan) for name, (hub, sender, _) in there.items()}
    samples = run({block: cells}, told.rounds, told.seed)
    data = {"rounds": told.rounds, "values": samples.values, "failures": samples.failures}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def measure(hub: hubs.Hub, sender: senders.Sender, plan: Plan) -> Values:
    """One hub under the whole load; its CPU time covers all its threads, once everybody is sending."""
    (port,) = free_ports(1)
    board, joined = Board(_LOADS, int(plan.senders * _LOADS * plan.beats * 1.1) + 1000), FORK.Semaphore(0)
    children = [Child(hub, port, board)]
    children += [Child(run_load, sender, port, at, plan, board, joined) for at in range(_LOADS)]
    try:
        for _ in range(_LOADS):
            if not joined.acquire(timeout=30):
                children[1].result(0.1)
        return _observe(board, children, plan)
    finally:
        for child in children:
            child.kill()


def _observe(board: Board, children: list[Child], plan: Plan) -> Values:
    pid = children[0].pid
    time.sleep(_SETTLE_S)
    start_ns = time.monotonic_ns() + 100_000_000
    board.start(start_ns)
    time.sleep(0.1 + _SETTLE_S)
    first, cpu, began = board.arrivals, cpu_ns(pid), time.monotonic()
    time.sleep(max(0.1, plan.seconds - _SETTLE_S - 0.2))
    last, spent, seconds = board.arrivals, cpu_ns(pid) - cpu, time.monotonic() - began
    behind = max(child.result(plan.seconds + 30) for child in children[1:])
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
    parts = []
    for block, metrics in data["values"].items():
        names = list(metrics["lost"])
        rows = [[name, *(number(middle(metrics[key][name])) for key, _ in _COLUMNS)] for name in HUBS if name in names]
        parts.append(table([block, *(title for _, title in _COLUMNS)], rows))
    parts += [f"- Failed: {cell}: {why.strip().splitlines()[-1]}" for cell, why in data["failures"].items()]
    return "\n\n".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of three seconds")
    parser.add_argument("--only", nargs="+", choices=HUBS, default=list(HUBS))
    parser.add_argument("--senders", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=10.0, help="frames per second of each")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.rounds = told.rounds or (1 if told.quick else 2)
    told.seconds = told.seconds or (3.0 if told.quick else 5.0)
    return told


if __name__ == "__main__":
    main()
