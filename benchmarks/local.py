"""Frames between processes of one machine, side by side with other ways: `python -m benchmarks.local`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import partial
from statistics import median

import numpy as np

from benchmarks import send_alone
from benchmarks.harness import grid
from benchmarks.harness.frames import Frames
from benchmarks.harness.grid import Cell
from benchmarks.harness.processes import Child
from benchmarks.harness.program import measure
from benchmarks.harness.rounds import Cells, Values
from benchmarks.local_report import COPY, LIMITS, UNREAD, WITHOUT_PIXELS, render
from benchmarks.peers import LOCAL
from benchmarks.peers.base import Peer, Send, Wire

_REST_S = 0.001
"""Before each frame of a latency: then sender and readers of every transport sleep alike.

Without it one choice of the scheduler, whether both share a processor, moves a bare wake-up between 7 and 23 µs.
"""
KINDS: grid.Kinds = {
    "latency": partial(Cell.one_way, pause_s=_REST_S),
    "latency of three": partial(Cell.one_way, readers=3, pause_s=_REST_S),
    "back to back": Cell.one_way,
    "round trip": Cell.round_trip,
    "throughput": Cell.flow,
    "one to three": partial(Cell.flow, readers=3),
}
_ONE_AT_A_TIME = ("latency", "latency of three", "back to back")


def main() -> None:
    """Measure, print the tables, keep the result."""
    told = grid.options("local", __doc__, LOCAL, KINDS).told()
    found, missing = LOCAL.load(told.only)
    frames = grid.frames_of(told)
    cells = {**grid.cells(found, frames, KINDS, told, _fits), **_unread(frames, found, told)}
    for size in told.sizes if "latency" in told.kinds else ():
        block = f"{size} latency"
        cells[block] = {**cells[block], COPY: partial(copy_alone, frames[size], told.seconds)}
    measure("local", cells, render, told, window=told.window, missing=missing)


def _fits(kind: str, name: str) -> bool:
    """The limits are limits of latency; and of frames per second where there is nothing to copy."""
    return name not in LIMITS or kind in _ONE_AT_A_TIME or (name == WITHOUT_PIXELS and kind != "round trip")


def copy_alone(frames: Frames, seconds: float) -> Values:
    """One memcpy of a frame into memory that is there already, after the same rest as in `latency`."""
    with Child(_copy, frames, seconds) as child:
        return child.result(15)


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


def framebus_send(wire: Wire) -> Send:
    """A live publisher in this machine's memory."""
    import framebus as fb

    return fb.publish(f"shm://{wire.name}").send


def _unread(frames: Mapping[str, Frames], found: Mapping[str, Peer], told: argparse.Namespace) -> Cells:
    if not any(name.startswith("framebus") for name in found):
        return {}
    batches = 20 if told.quick else 100
    return {
        f"{size} {UNREAD}": {"framebus": partial(send_alone.per_call, framebus_send, frames[size], batches)}
        for size in told.sizes
    }


if __name__ == "__main__":
    main()
