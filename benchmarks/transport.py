"""Frames over TCP loopback, side by side with other transports: `python -m benchmarks.transport`."""

from __future__ import annotations

import argparse
from functools import partial

from benchmarks import peers
from benchmarks.harness.cells import one_to_many, there_and_back
from benchmarks.harness.flow import Budget
from benchmarks.harness.frames import FRAME_SIZES, SIZES, Frames
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Cells, Measure, run
from benchmarks.peers.base import Peer
from benchmarks.transport_report import render

KINDS = ("latency", "throughput", "round trip", "one to three")
_FAN_OUT = 3


def main() -> None:
    """Measure, print the tables, keep the result."""
    told = _arguments()
    result = Result("transport")
    found, missing = peers.load(told.only)
    frames = {size: Frames(SIZES[size], told.window) for size in told.sizes}
    samples = run(_cells(found, frames, told), told.rounds, told.seed)
    data = {
        "rounds": told.rounds,
        "window": told.window,
        "values": samples.values,
        "failures": samples.failures,
        "missing": missing,
    }
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def _cells(found: dict[str, Peer], frames: dict[str, Frames], told: argparse.Namespace) -> Cells:
    return {
        f"{size} {kind}": {
            name: _measure(kind, peer, frames[size], told)
            for name, peer in found.items()
            if kind != "round trip" or not peer.lossy
        }
        for size in told.sizes
        for kind in told.kinds
    }


def _measure(kind: str, peer: Peer, frames: Frames, told: argparse.Namespace) -> Measure:
    lock_step = Budget(told.seconds, 300, window=1)
    flowing = Budget(told.seconds * 2, 4000, window=told.window)
    measures: dict[str, Measure] = {
        "latency": partial(one_to_many, peer, frames, 1, lock_step, lossless=False),
        "throughput": partial(one_to_many, peer, frames, 1, flowing, lossless=True),
        "round trip": partial(there_and_back, peer, frames, lock_step),
        "one to three": partial(one_to_many, peer, frames, _FAN_OUT, flowing, lossless=True),
    }
    return measures[kind]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transport", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the main transports, three short rounds")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(FRAME_SIZES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", nargs="+", choices=peers.NAMES, help="transports (default: most of them)")
    parser.add_argument("--rounds", type=int, help="paired rounds (default 7; with --quick 3)")
    parser.add_argument("--seconds", type=float, help="length of a lock-step measurement; the others take twice that")
    parser.add_argument("--window", type=int, default=4, help="frames in flight where it matters (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of measurements")
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.only = told.only or (peers.MAIN if told.quick else peers.DEFAULT)
    told.rounds = told.rounds or (3 if told.quick else 7)
    told.seconds = told.seconds or (0.08 if told.quick else 0.12)
    return told


if __name__ == "__main__":
    main()
