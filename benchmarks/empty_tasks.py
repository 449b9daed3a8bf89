"""What it costs to hand out a task that does nothing, by framebus and by others: `python -m benchmarks.empty_tasks`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.handing import ways
from benchmarks.handing.ways import CREW, MANY, SINGLE, Way
from benchmarks.harness.findings import notes, page, ranked
from benchmarks.harness.installed import environment, missing
from benchmarks.harness.processes import MeasurementError
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells, Values

_BLOCKS = {"several in a message": (MANY, f"{CREW}, 256 a message"), "a message each": (SINGLE, f"{CREW}, 32 ahead")}
"""The ways of each block, and the one that the others are compared with."""
_COLUMNS = {"each_us": "µs a task", "per_s": "tasks/s"}
_PATIENCE_S = 300


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    lacking = missing({way: each.needs for block, _ in _BLOCKS.values() for way, each in block.items() if each.needs})
    cells: Cells = {
        block: {
            name: partial(handed_out, name, way, told.tasks, told.workers)
            for name, way in found.items()
            if name not in lacking
        }
        for block, (found, _) in _BLOCKS.items()
    }
    measure("empty_tasks", cells, render, told, workers=told.workers, tasks=told.tasks, missing=lacking)


def render(data: Mapping[str, Any]) -> str:
    """Who takes least, with several tasks in a message and with one."""
    setting = (
        f"{data['rounds']} paired rounds of {data['tasks']:,} tasks (a path in, a number out), {data['workers']} "
        "workers that are there already; the whole job is timed from its beginning to its end: its paths are files "
        "that are listed, names that are kept apart, and lines in its journal. Ratios are how many times as long the "
        "other takes, with 95 % intervals."
    )
    tables = (
        ranked(block, data["values"][block], _COLUMNS, ours, higher_is_better=False)
        for block, (_, ours) in _BLOCKS.items()
    )
    return page(*tables, notes(data, setting))


def handed_out(name: str, way: Way, tasks: int, workers: int) -> Values:
    """All tasks, or a part of them, in a program of its own."""
    count = tasks // way.part
    command = [sys.executable, "-m", ways.__name__, name, str(count), str(workers)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, env=environment(), check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"it hung for {_PATIENCE_S} s") from error
    if done.returncode:
        raise MeasurementError(done.stderr.strip() or f"it ended with {done.returncode}")
    took_s = float(done.stdout.split()[-1])
    return {"each_us": took_s / count * 1e6, "per_s": count / took_s}


def _options() -> Options:
    told = Options("empty_tasks", __doc__, quick="10,000 tasks and one round")
    told.add_argument("--workers", type=int, default=os.cpu_count())
    told.add_length("--tasks", 100_000, 10_000, "tasks")
    told.add_length("--rounds", 5, 1, "paired rounds")
    return told


if __name__ == "__main__":
    main()
