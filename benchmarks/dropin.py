"""Is `framebus.imagezmq` slower than imagezmq anywhere in the same program? `python -m benchmarks.dropin`.

One text of a sender and one of a hub, as two processes; each is given the module to use, so that there are four
combinations. They exchange images and JPEGs of several sizes, in both of imagezmq's patterns.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.harness import grid
from benchmarks.harness.findings import Column, Findings, notes, page
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.grid import Cell
from benchmarks.harness.jpegs import Jpegs
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells
from benchmarks.harness.tables import table
from benchmarks.peers import load
from benchmarks.peers.base import Peer

_REAL, _OURS = "imagezmq", "framebus.imagezmq"
BASE = "imagezmq-to-imagezmq"
COMBINATIONS = {
    BASE: (_REAL, _REAL),
    "framebus-to-framebus": (_OURS, _OURS),
    "imagezmq-to-framebus": (_REAL, _OURS),
    "framebus-to-imagezmq": (_OURS, _REAL),
}
"""Name to the modules of the sender and of the hub."""

_JPEG = "60KB-JPEG"
PAYLOADS = ("230KB", "920KB", "6MB", _JPEG)
PATTERNS = ("REQ/REP", "PUB/SUB")
KINDS: grid.Kinds = {"throughput": Cell.flow, "round trip": Cell.until_taken}
_COLUMNS = tuple(
    column._replace(kind=f"{pattern} {column.kind}", title=f"{pattern} {column.title}")
    for pattern in PATTERNS
    for column in (
        Column("throughput", "frames_per_s", "frames/s", higher_is_better=True),
        Column("round trip", "round_trip_us", "round trip, µs"),
        Column("throughput", "cpu_s_per_1000", "CPU s / 1000"),
    )
)


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    cells: Cells = {}
    missing: dict[str, str] = {}
    for payload in told.payloads:
        frames = Jpegs(told.window) if payload == _JPEG else Frames(SIZES[payload], told.window)
        for pattern in told.patterns:
            makers = {name: partial(_peer, pattern, payload, *COMBINATIONS[name]) for name in told.only}
            found, missing = load(makers)
            cells = {**cells, **_blocks(f"{payload} {pattern}", found, frames, told)}
    measure("dropin", cells, render, told, window=told.window, missing=missing)


def _blocks(title: str, found: Mapping[str, Peer], frames: Frames, told: argparse.Namespace) -> Cells:
    return {
        f"{title} {kind}": {
            name: partial(KINDS[kind], Cell(peer, frames, told.seconds, told.window)) for name, peer in found.items()
        }
        for kind in KINDS
    }


def _peer(pattern: str, payload: str, sends: str, reads: str) -> Peer:
    from benchmarks.peers.imagezmq_peer import IMAGES, JPEGS, PubSub, RequestReply

    make = {"REQ/REP": RequestReply, "PUB/SUB": PubSub}[pattern]
    return make(import_module(sends), import_module(reads), JPEGS if payload == _JPEG else IMAGES)


def render(data: Mapping[str, Any]) -> str:
    """Medians for each payload, ratios with imagezmq alone, and how often each combination is slower."""
    found = Findings(data["values"], _COLUMNS, PAYLOADS)
    pairs = {name: (name, (BASE,)) for name in COMBINATIONS if name != BASE}
    ratios = found.against(f"… times better (above 1) or worse than {BASE}", pairs)
    setting = f"{data['rounds']} paired rounds, window {data['window']}. `*`: frames were lost in some round."
    return page(
        *(found.medians(payload, COMBINATIONS) for payload in found.sizes),
        page(ratios and "With 95 % intervals over paired rounds:", ratios),
        _goals(found, pairs),
        notes(data, setting),
    )


def _goals(found: Findings, pairs: Mapping[str, tuple[str, tuple[str, ...]]]) -> str:
    rows = []
    for name, pair in pairs.items():
        behind, compared = found.behind([pair])
        if compared:
            measured = f"behind in {behind} of {compared}, marked above"
            rows.append([f"{name} behind {BASE} in no row", measured, "missed" if behind else "met"])
    return table(["goal", "measured", "verdict"], rows) if rows else ""


def _options() -> Options:
    told = Options("dropin", __doc__, quick="three short rounds")
    told.add_argument("--only", nargs="+", choices=COMBINATIONS, default=list(COMBINATIONS))
    told.add_argument("--payloads", nargs="+", choices=PAYLOADS, default=list(PAYLOADS))
    told.add_argument("--patterns", nargs="+", choices=PATTERNS, default=list(PATTERNS))
    grid.add_lengths(told)
    return told


if __name__ == "__main__":
    main()
