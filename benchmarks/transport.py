"""Frames over TCP loopback, side by side with other transports: `python -m benchmarks.transport`."""

from __future__ import annotations

from functools import partial

from benchmarks.harness import grid
from benchmarks.harness.grid import Cell
from benchmarks.harness.program import measure
from benchmarks.peers import TCP
from benchmarks.transport_report import render

KINDS: grid.Kinds = {
    "latency": Cell.one_way,
    "throughput": Cell.flow,
    "round trip": Cell.round_trip,
    "one to three": partial(Cell.flow, readers=3),
}


def main() -> None:
    """Measure, print the tables, keep the result."""
    told = grid.options("transport", __doc__, TCP, KINDS).told()
    found, missing = TCP.load(told.only)

    def fits(kind: str, name: str) -> bool:
        return kind != "round trip" or not found[name].lossy

    cells = grid.cells(found, grid.frames_of(told), KINDS, told, fits)
    measure("transport", cells, render, told, window=told.window, missing=missing)


if __name__ == "__main__":
    main()
