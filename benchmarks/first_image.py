"""From a command to its first image, by framebus and by programs written for it: `python -m benchmarks.first_image`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.folders import improvised
from benchmarks.folders.places import in_memory
from benchmarks.harness.findings import notes, page, ranked
from benchmarks.harness.installed import environment, missing
from benchmarks.harness.processes import MeasurementError
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells, Values
from benchmarks.photos import fill

OURS = "framebus"
_BLOCK = "a folder to 512×512"
_NEEDS = {"joblib": "joblib", "dask": "distributed"}
_LOOK_S = 0.001
_PATIENCE_S = 120


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    lacking = missing(_NEEDS)
    with in_memory() as root:
        source, target = root / "in", root / "out"
        fill(source, told.inputs)
        commands = {
            OURS: _ours(source, target, told.workers),
            "framebus, one process": _ours(source, target, 0),
            **{way: _improvised(way, source, target, told.workers) for way in improvised.WAYS if way not in lacking},
        }
        cells: Cells = {_BLOCK: {name: partial(first, command, target) for name, command in commands.items()}}
        measure("first_image", cells, render, told, workers=told.workers, inputs=told.inputs, missing=lacking)


def render(data: Mapping[str, Any]) -> str:
    """Who has an image first, and who is done first."""
    columns = {"first_ms": "first image after, ms", "all_ms": "all after, ms"}
    setting = (
        f"{data['rounds']} paired rounds of {data['inputs']} photographs, {data['workers']} workers, from the start "
        "of each command, files in memory; ratios are how much sooner framebus has the first, with 95 % intervals."
    )
    table = ranked(_BLOCK, data["values"][_BLOCK], columns, OURS, higher_is_better=False)
    return page(table, notes(data, setting))


def first(command: Sequence[str], target: Path) -> Values:
    """Run it into an empty folder; when the first file was there, and when it had ended."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()) as process:
        first_s = _first_file(process, target) - began
        try:
            _, errors = process.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise MeasurementError(f"it hung for {_PATIENCE_S} s") from error
    all_s = time.perf_counter() - began
    if process.returncode:
        raise MeasurementError(errors.decode(errors="replace").strip() or f"it ended with {process.returncode}")
    return {"first_ms": first_s * 1e3, "all_ms": all_s * 1e3}


def _first_file(process: subprocess.Popen[bytes], target: Path) -> float:
    """When there is something in a file that is no partial one, or the process has ended."""
    while process.poll() is None and not any(map(_filled, os.scandir(target))):
        time.sleep(_LOOK_S)
    return time.perf_counter()


def _filled(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.name.endswith(".jpg") and entry.stat().st_size > 0
    except FileNotFoundError:  # renamed meanwhile
        return False


def _ours(source: Path, target: Path, workers: int) -> list[str]:
    command = [sys.executable, "-m", "framebus", "process", str(source), str(target)]
    return [*command, "--op", "resize=512x512", "--workers", str(workers)]


def _improvised(way: str, source: Path, target: Path, workers: int) -> list[str]:
    return [sys.executable, improvised.__file__, way, str(source), str(target), str(workers)]


def _options() -> Options:
    told = Options("first_image", __doc__, quick="3 rounds instead of 15")
    told.add_argument("--workers", type=int, default=os.cpu_count())
    told.add_argument("--inputs", type=int, default=200, help="photographs (default 200)")
    told.add_length("--rounds", 15, 3, "paired rounds")
    return told


if __name__ == "__main__":
    main()
