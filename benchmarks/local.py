"""Frames between processes of one machine, side by side with other ways: `python -m benchmarks.local`."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np

from benchmarks import peers, send_alone
from benchmarks.harness.cells import one_to_many, there_and_back
from benchmarks.harness.flow import Budget
from benchmarks.harness.frames import FRAME_SIZES, SIZES, Frames
from benchmarks.harness.processes import Child
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Cells, Measure, Values, run
from benchmarks.local_report import COPY, LIMITS, UNREAD, WITHOUT_PIXELS, render
from benchmarks.peers.base import Peer, Send

KINDS = ("latency", "latency of three", "back to back", "round trip", "throughput", "one to three")
_LOCK_STEP = ("latency", "latency of three", "back to back")
_FAN_OUT = 3
_REST_S = 0.001
"""Before each frame of a latency: then sender and readers of every transport sleep alike.

Without it one choice of the scheduler, whether both share a processor, moves a bare wake-up between 7 and 23 µs.
"""


def main() -> None:
    """Measure, print the tables, keep the result."""
    told = _arguments()
    result = Result("local")
    found, missing = peers.load(told.only)
    frames = {size: Frames(SIZES[size], told.window) for size in told.sizes}
    cells = _cells(found, frames, told)
    samples = run(cells | _unread(frames, found, told), told.rounds, told.seed)
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
    cells: Cells = {
        f"{size} {kind}": {
            name: _measure(kind, peer, frames[size], told) for name, peer in found.items() if _fits(kind, name)
        }
        for size in told.sizes
        for kind in told.kinds
    }
    for size in told.sizes if "latency" in told.kinds else ():
        cells[f"{size} latency"][COPY] = partial(copy_alone, frames[size], told.seconds)
    return cells


def _fits(kind: str, name: str) -> bool:
    """The limits are limits of latency; and of frames per second where there is nothing to copy."""
    return name not in LIMITS or kind in _LOCK_STEP or (name == WITHOUT_PIXELS and kind != "round trip")


def _measure(kind: str, peer: Peer, frames: Frames, told: argparse.Namespace) -> Measure:
    lock_step = Budget(told.seconds, 300, window=1)
    rested = replace(lock_step, pause_s=_REST_S)
    flowing = Budget(told.seconds * 2, 4000, window=told.window)
    measures: dict[str, Measure] = {
        "latency": partial(one_to_many, peer, frames, 1, rested, lossless=False),
        "latency of three": partial(one_to_many, peer, frames, _FAN_OUT, rested, lossless=False),
        "back to back": partial(one_to_many, peer, frames, 1, lock_step, lossless=False),
        "round trip": partial(there_and_back, peer, frames, lock_step),
        "throughput": partial(one_to_many, peer, frames, 1, flowing, lossless=True),
        "one to three": partial(one_to_many, peer, frames, _FAN_OUT, flowing, lossless=True),
    }
    return measures[kind]


def copy_alone(frames: Frames, seconds: float) -> Values:
    """One memcpy of a frame into memory that is there already, after the same rest as in `latency`."""
    child = Child(_copy, frames, seconds)
    try:
        return child.result(15)
    finally:
        child.kill()


def _copy(frames: Frames, seconds: float) -> Values:
    buffer = np.zeros_like(frames.numbered(0))
    took_ns: list[int] = []
    deadline = time.monotonic() + seconds
    while len(took_ns) < 8 or time.monotonic() < deadline:
        time.sleep(_REST_S)
        frame = frames.numbered(len(took_ns))
        began = time.monotonic_ns()
        np.copyto(buffer, frame)
        took_ns.append(time.monotonic_ns() - began)
    return {"one_way_us": median(took_ns) / 1e3, "frames": len(took_ns)}


def framebus_send(address: str) -> Send:
    """A live publisher in this machine's memory; only the port of `address` matters, as a name nobody else has."""
    import framebus as fb

    return fb.publish(f"shm://bench-{address.rpartition(':')[2]}").send


def _unread(frames: dict[str, Frames], found: dict[str, Peer], told: argparse.Namespace) -> Cells:
    if not any(name.startswith("framebus") for name in found):
        return {}
    batches = 20 if told.quick else 100
    return {
        f"{size} {UNREAD}": {"framebus": partial(send_alone.measure, framebus_send, frames[size], batches)}
        for size in told.sizes
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.local", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the main ways, three short rounds")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(FRAME_SIZES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", nargs="+", choices=peers.LOCAL_NAMES, help="ways (default: most of them)")
    parser.add_argument("--rounds", type=int, help="paired rounds (default 7; with --quick 3)")
    parser.add_argument("--seconds", type=float, help="length of a lock-step measurement; the others take twice that")
    parser.add_argument("--window", type=int, default=4, help="frames in flight where it matters (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of measurements")
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.only = told.only or (peers.LOCAL_MAIN if told.quick else peers.LOCAL_DEFAULT)
    told.rounds = told.rounds or (3 if told.quick else 7)
    told.seconds = told.seconds or (0.08 if told.quick else 0.12)
    return told


if __name__ == "__main__":
    main()
