"""A reader ten times too slow: how old is what it sees, is memory flat? `python -m benchmarks.slow_reader`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.harness.compare import middle
from benchmarks.harness.frames import SIZES, Array, Frames
from benchmarks.harness.meters import resident_kb
from benchmarks.harness.processes import FORK, Child, free_ports
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Values, run
from benchmarks.harness.tables import number, table
from benchmarks.peers.base import Peer, Wire

TRANSPORTS = ("framebus", "pyzmq-pub", "imagezmq-pubsub", "imagezmq-reqrep", "netgear-pubsub")

_SAMPLE_EVERY_S = 0.1
_COLUMNS = (
    ("oldest", "oldest, own frame times"),
    ("usual", "median, own frame times"),
    ("sent_per_s", "sender's frames/s"),
    ("seen_per_s", "seen/s"),
    ("sender_mb", "sender grew, MB"),
    ("reader_mb", "reader grew, MB"),
)


@dataclass(frozen=True)
class Pace:
    """How fast frames are made, how much slower the reader is, and how long it is watched."""

    rate: float
    slower: float
    seconds: float

    @property
    def work_s(self) -> float:
        """How long the reader works on each frame."""
        return self.slower / self.rate


def main() -> None:
    """Measure, print, keep."""
    told = _arguments()
    result = Result("slow_reader")
    pace, frames = Pace(told.rate, told.slower, told.seconds), Frames(SIZES[told.size], window=64)
    found, missing = peers.load(told.only)
    block = f"{told.size} at {told.rate:g} frames/s, reader {told.slower:g} times slower, {told.seconds:g} s"
    samples = run({block: {name: partial(watch, peer, frames, pace) for name, peer in found.items()}}, told.rounds, 1)
    data = {"rounds": told.rounds, "values": samples.values, "failures": samples.failures, "missing": missing}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def watch(peer: Peer, frames: Frames, pace: Pace) -> Values:
    """One sender and one slow reader; both sides' memory is read from outside while they run."""
    wire, opened, sent = Wire(free_ports(1), lossless=False), FORK.Event(), FORK.Value("q", 0)
    first, second = (_send, _read) if peer.listens != "receivers" else (_read, _send)
    children = {first: Child(first, peer, wire, frames, pace, sent, opened)}
    try:
        opened.wait(10)
        children[second] = Child(second, peer, wire, frames, pace, sent, FORK.Event())
        before, began = sent.value, time.monotonic()
        grew = _memory_growth(children[_send].pid, children[_read].pid, pace.seconds)
        rate = (sent.value - before) / (time.monotonic() - began)
        return children[_read].result(pace.seconds + 20, beside=[children[_send]]) | grew | {"sent_per_s": rate}
    finally:
        for child in children.values():
            child.kill()


def _memory_growth(sender: int, reader: int, seconds: float) -> Values:
    """Highest memory in the last quarter against the highest in the quarter after the start."""
    samples = []
    deadline = time.monotonic() + seconds
    with suppress(ProcessLookupError):  # the reader ends by itself
        while time.monotonic() < deadline:
            samples.append((resident_kb(sender), resident_kb(reader)))
            time.sleep(_SAMPLE_EVERY_S)
    quarter = len(samples) // 4
    early, late = (np.max(part, axis=0) for part in (samples[quarter // 2 : 2 * quarter], samples[-quarter:]))
    grew = (late - early) * 1024 / 1e6
    return {"sender_mb": float(grew[0]), "reader_mb": float(grew[1])}


def _send(peer: Peer, wire: Wire, frames: Frames, pace: Pace, sent: Synchronized[int], opened: Any) -> None:
    send = peer.sender(wire)
    opened.set()
    began, count = time.monotonic(), 0
    while True:
        frame = frames.numbered(count + 1)
        _stamp(frame)[0] = time.monotonic_ns()
        send(frame)
        count += 1
        sent.value = count
        time.sleep(max(0.0, began + count / pace.rate - time.monotonic()))


def _read(peer: Peer, wire: Wire, frames: Frames, pace: Pace, sent: Synchronized[int], opened: Any) -> Values:
    receive = peer.receiver(wire, 0)
    opened.set()
    receive()
    ages_s, deadline = [], time.monotonic() + pace.seconds
    while time.monotonic() < deadline:
        frame = receive()
        ages_s.append((time.monotonic_ns() - int(_stamp(frame)[0])) / 1e9)
        time.sleep(pace.work_s)
    return {
        "oldest": max(ages_s) / pace.work_s,
        "usual": float(np.median(ages_s)) / pace.work_s,
        "seen_per_s": len(ages_s) / pace.seconds,
    }


def _stamp(frame: Array) -> np.ndarray:
    return frame.reshape(-1)[:8].view(np.int64)


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    parts = []
    for block, metrics in data["values"].items():
        names = [name for name in TRANSPORTS if name in metrics["oldest"]]
        rows = [[name, *(number(middle(metrics[key][name])) for key, _ in _COLUMNS)] for name in names]
        parts.append(table([block, *(title for _, title in _COLUMNS)], rows))
    parts += [f"- Left out: {name} ({why})." for name, why in data["missing"].items()]
    parts += [f"- Failed: {cell}: {why.strip().splitlines()[-1]}" for cell, why in data["failures"].items()]
    return "\n\n".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_reader", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of four seconds")
    parser.add_argument("--only", nargs="+", choices=TRANSPORTS, default=list(TRANSPORTS))
    parser.add_argument("--size", choices=SIZES, default="920KB")
    parser.add_argument("--rate", type=float, default=100.0, help="frames per second of the sender")
    parser.add_argument("--slower", type=float, default=10.0)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.seconds = told.seconds or (4.0 if told.quick else 10.0)
    return told


if __name__ == "__main__":
    main()
