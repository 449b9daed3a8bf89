"""What encryption costs: CURVE at 6 MB and 100 KB, `python -m benchmarks.keys`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.harness.cells import one_to_many
from benchmarks.harness.compare import better_by, middle
from benchmarks.harness.flow import Budget
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Values, run
from benchmarks.harness.tables import number, table
from benchmarks.peers.base import Peer

OURS, BARE = "framebus, keys", "pyzmq-push, keys"


def keyed_framebus() -> Peer:
    """framebus between an inviting publisher and a reader that joined."""
    from benchmarks.peers.keyed_peer import KeyedFramebus

    return KeyedFramebus()


def keyed_pyzmq() -> Peer:
    """Bare pyzmq with CURVE."""
    from benchmarks.peers.keyed_peer import KeyedPushPull

    return KeyedPushPull()


def plain_framebus() -> Peer:
    """framebus without keys."""
    from benchmarks.peers.framebus_peer import Framebus

    return Framebus()


def plain_pyzmq() -> Peer:
    """Bare pyzmq without keys."""
    from benchmarks.peers.pyzmq_peer import PushPull

    return PushPull()


TRANSPORTS: dict[str, Callable[[], Peer]] = {
    OURS: keyed_framebus,
    BARE: keyed_pyzmq,
    "framebus, plain": plain_framebus,
    "pyzmq-push, plain": plain_pyzmq,
}


def main() -> None:
    """Measure, print, keep."""
    told = _arguments()
    result = Result("keys")
    found, missing = _load()
    budget = Budget(told.seconds, 4000, window=4)
    cells = {
        size: {name: partial(measure, peer, frames, budget) for name, peer in found.items()}
        for size, frames in ((size, Frames(SIZES[size], window=4)) for size in told.sizes)
    }
    samples = run(cells, told.rounds, seed=1)
    data = {"rounds": told.rounds, "values": samples.values, "failures": samples.failures, "missing": missing}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def _load() -> tuple[dict[str, Peer], dict[str, str]]:
    found, missing = {}, {}
    for name, make in TRANSPORTS.items():
        try:
            found[name] = make()
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing


def measure(peer: Peer, frames: Frames, budget: Budget) -> Values:
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
    parts = [table(["one to one", "MB/s", "frames/s", "CPU s / 1000", f"times {BARE} [95 %]"], rows)]
    parts += [f"- Left out: {name} ({why})." for name, why in data["missing"].items()]
    parts += [f"- Failed: {cell}: {why.strip().splitlines()[-1]}" for cell, why in data["failures"].items()]
    return "\n\n".join(parts)


def _against_bare(by_name: Mapping[str, Mapping[Any, float]], name: str) -> str:
    ratio = better_by(by_name[name], by_name.get(BARE, {}), higher_is_better=True) if name != BARE else None
    return str(ratio or "–")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keys", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["6MB", "100KB"])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.rounds = told.rounds or (2 if told.quick else 5)
    told.seconds = told.seconds or (0.3 if told.quick else 0.6)
    return told


if __name__ == "__main__":
    main()
