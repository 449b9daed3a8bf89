"""A reader ten times too slow: how old is what it sees, is memory flat? `python -m benchmarks.slow_reader`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import numpy as np

from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.frames import SIZES, Array, Frames
from benchmarks.harness.link import Link
from benchmarks.harness.meters import resident_kb
from benchmarks.harness.processes import FORK, Child
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.peers import TCP
from benchmarks.peers.base import Peer

TRANSPORTS = ("framebus-latest", "pyzmq-pub", "imagezmq-pubsub", "imagezmq-reqrep", "netgear-pubsub")

_SAMPLE_EVERY_S = 0.1
_STARTED_AFTER_S = 10.0
_COLUMNS = {
    "oldest": "oldest, own frame times",
    "usual": "median, own frame times",
    "sent_per_s": "sender's frames/s",
    "seen_per_s": "seen/s",
    "sender_mb": "sender grew, MB",
    "reader_mb": "reader grew, MB",
}


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
    told = _options().told()
    pace, frames = Pace(told.rate, told.slower, told.seconds), Frames(SIZES[told.size], window=64)
    found, missing = TCP.load(told.only)
    block = f"{told.size} at {told.rate:g} frames/s, reader {told.slower:g} times slower, {told.seconds:g} s"
    cells = {block: {name: partial(watch, peer, frames, pace) for name, peer in found.items()}}
    measure("slow_reader", cells, render, told, missing=missing)


def watch(peer: Peer, frames: Frames, pace: Pace) -> Values:
    """One sender and one slow reader; both sides' memory is read from outside while they run."""
    sent = FORK.Value("q", 0)
    with (
        Link.plan(peer, 1, lossless=False) as link,
        Child(_send, link, frames, pace, sent) as sender,
        Child(_read, link, pace) as reader,
    ):
        _await_first(sent)
        before, began = sent.value, time.monotonic()
        grew = _memory_growth(sender.pid, reader.pid, pace.seconds)
        rate = (sent.value - before) / (time.monotonic() - began)
        return reader.result(pace.seconds + 20, beside=[sender]) | grew | {"sent_per_s": rate}


def _await_first(sent: Synchronized[int]) -> None:
    deadline = time.monotonic() + _STARTED_AFTER_S
    while not sent.value and time.monotonic() < deadline:
        time.sleep(0.001)


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


def _send(link: Link, frames: Frames, pace: Pace, sent: Synchronized[int]) -> None:
    send = link.sender()
    began, count = time.monotonic(), 0
    while True:
        frame = frames.numbered(count + 1)
        _stamp(frame)[0] = time.monotonic_ns()
        send(frame)
        count += 1
        sent.value = count
        time.sleep(max(0.0, began + count / pace.rate - time.monotonic()))


def _read(link: Link, pace: Pace) -> Values:
    receive = link.receiver(0)
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
    return page(*block_medians(data["values"], TRANSPORTS, _COLUMNS), notes(data))


def _options() -> Options:
    told = Options("slow_reader", __doc__, quick="one round of four seconds")
    told.add_argument("--only", nargs="+", choices=TRANSPORTS, default=list(TRANSPORTS))
    told.add_argument("--size", choices=SIZES, default="920KB")
    told.add_argument("--rate", type=float, default=100.0, help="frames per second of the sender")
    told.add_argument("--slower", type=float, default=10.0)
    told.add_length("--seconds", 10.0, 4.0, "how long the reader is watched")
    told.add_argument("--rounds", type=int, default=1)
    return told


if __name__ == "__main__":
    main()
