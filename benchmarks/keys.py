"""What encryption costs: CURVE at 6 MB and 100 KB, `python -m benchmarks.keys`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.harness.cells import one_to_many
from benchmarks.harness.compare import Rounds, better_by, middle
from benchmarks.harness.findings import notes, page
from benchmarks.harness.flow import Budget
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.harness.tables import number, table
from benchmarks.peers import at, load
from benchmarks.peers.base import Peer

OURS, BARE = "framebus, keys", "pyzmq-push, keys"
TRANSPORTS = {
    OURS: at("keyed_peer", "KeyedFramebus"),
    BARE: at("keyed_peer", "KeyedPushPull"),
    "framebus, plain": at("framebus_peer", "OverTcp"),
    "pyzmq-push, plain": at("pyzmq_peer", "PushPull"),
}


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    found, missing = load(TRANSPORTS)
    budget = Budget(told.seconds, 4000, window=4)
    cells = {
        size: {name: partial(flow, peer, frames, budget) for name, peer in found.items()}
        for size, frames in ((size, Frames(SIZES[size], window=4)) for size in told.sizes)
    }
    measure("keys", cells, render, told, missing=missing)


def flow(peer: Peer, frames: Frames, budget: Budget) -> Values:
    """Frames and megabytes per second, one to one, nothing lost."""
    values = one_to_many(peer, frames, 1, budget, lossless=True)
    return values | {"mb_per_s": values["frames_per_s"] * frames.nbytes / 1e6}


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    rows = [
        [
            f"{size}: {name}",
            number(middle(metrics["mb_per_s"][name])),
            number(middle(metrics["frames_per_s"][name])),
            number(middle(metrics["cpu_s_per_1000"][name])),
            _against_bare(metrics["mb_per_s"], name),
        ]
        for size, metrics in data["values"].items()
        for name in TRANSPORTS
        if name in metrics["mb_per_s"]
    ]
    header = ["one to one", "MB/s", "frames/s", "CPU s / 1000", f"times {BARE} [95 %]"]
    return page(table(header, rows), notes(data))


def _against_bare(by_name: Mapping[str, Rounds], name: str) -> str:
    ratio = better_by(by_name[name], by_name.get(BARE, {}), higher_is_better=True) if name != BARE else None
    return str(ratio or "–")


def _options() -> Options:
    told = Options("keys", __doc__, quick="two short rounds")
    told.add_argument("--sizes", nargs="+", choices=SIZES, default=["6MB", "100KB"])
    told.add_length("--rounds", 5, 2, "paired rounds")
    told.add_length("--seconds", 0.6, 0.3, "length of a measurement")
    return told


if __name__ == "__main__":
    main()
