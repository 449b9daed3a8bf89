"""A folder of photographs, each made into another, by framebus and by others: `python -m benchmarks.process`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.folders import floor, ways
from benchmarks.folders.jobs import JOBS
from benchmarks.folders.measuring import measure as measure_way
from benchmarks.folders.places import in_memory
from benchmarks.folders.ways import WAYS
from benchmarks.harness.findings import notes, page, ranked
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells
from benchmarks.photos import fill

OURS, FLOOR = "framebus", "floor"
LARGE = (4000, 3000)
"""Of the photographs for thumbnails."""


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    missing = ways.missing()
    tried = [way for way in told.only if way not in missing]
    with in_memory() as root:
        folders = _filled(root, told)
        cells: Cells = {
            job: {
                FLOOR: partial(floor.measure, job, folders[job], root / "floor", told.workers),
                **{way: partial(measure_way, way, job, folders[job], root / "out", told.workers) for way in tried},
            }
            for job in told.jobs
        }
        measure("process", cells, render, told, workers=told.workers, inputs=told.inputs, missing=missing)


def render(data: Mapping[str, Any]) -> str:
    """One table for each job: who does how many per second, at what cost, and against framebus."""
    columns = {"per_s": "pictures/s", "cpu_ms": "CPU ms each", "peak_mb": "peak MB"}
    parts = [ranked(job, data["values"][job], columns, OURS) for job in JOBS if job in data["values"]]
    setting = (
        f"{data['rounds']} paired rounds of {data['inputs']} photographs with {data['workers']} workers, whole "
        "programs from start to end, files in memory; ratios are framebus over the other, with 95 % intervals."
    )
    return page(*parts, notes(data, setting))


def _filled(root: Path, told: Any) -> dict[str, Path]:
    """A folder of inputs for each job."""
    fill(root / "small", told.inputs)
    if "thumbnails" in told.jobs:
        fill(root / "large", max(20, told.inputs // 40), shape=LARGE)
    return {job: root / ("large" if job == "thumbnails" else "small") for job in told.jobs}


def _options() -> Options:
    told = Options("process", __doc__, quick="300 photographs instead of 2000")
    told.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    told.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS))
    told.add_argument("--workers", type=int, default=os.cpu_count())
    told.add_length("--inputs", 2000, 300, "photographs")
    told.add_length("--rounds", 5, 3, "paired rounds")
    return told


if __name__ == "__main__":
    main()
