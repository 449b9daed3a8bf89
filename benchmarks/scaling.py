"""How many workers one job can keep busy, and what that says of 64 cores: `python -m benchmarks.scaling`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil

from benchmarks.folders import waiting
from benchmarks.folders.places import fill_small, in_memory
from benchmarks.harness.compare import middle
from benchmarks.harness.findings import notes, page
from benchmarks.harness.installed import environment
from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import MeasurementError
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells, Values
from benchmarks.harness.tables import number, table
from framebus.batch.journal import NAME
from framebus.supervise.chunks import MOST

_BLOCK = "one job, pictures that wait"
_START_S = 0.16
"""Of two cores for each worker, while others work already."""
_STEADY_S, _END_S = 4.0, 1.5
"""What is judged: so long, before the last so long, in which chunks become small and workers run dry."""
_LOOK_S = 0.1
_PATIENCE_S = 300
_CORES = 64
_CHUNK_S = 0.8
"""How long a chunk of pictures takes a worker, where there are 64."""
_PHOTOGRAPH_MS = (2.1, 3.5, 7.0)
"""Of one core, for one photograph: the range between machines measured so far."""


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    with in_memory() as root:
        cells: Cells = {_BLOCK: {str(count): partial(steady, count, told.each, root) for count in told.workers}}
        measure("scaling", cells, render, told, each_ms=told.each * 1e3, workers=told.workers)


def render(data: Mapping[str, Any]) -> str:
    """Rate and efficiency by number of workers, and what the process that hands out can do at most."""
    values = data["values"][_BLOCK]
    counts = sorted(map(int, values["per_s"]))
    found = {metric: [middle(rounds[str(count)]) for count in counts] for metric, rounds in values.items()}
    alone = found["per_s"][0] / counts[0]
    rows = [
        [str(count), number(rate), f"{100 * rate / (count * alone):.0f} %", number(chunk), number(own), number(busy)]
        for count, rate, chunk, own, busy in zip(
            counts, *map(found.get, ("per_s", "chunk", "own", "busy")), strict=True
        )
    ]
    header = ["workers", "pictures/s", "of as many alone", "in a chunk", "cores to hand out", "cores busy"]
    setting = (
        f"{data['rounds']} rounds; each picture takes {data['each_ms']:g} ms in which no core works, and is read and "
        f"written besides; {_STEADY_S:g} s of each job once all workers are there. *Cores to hand out*: of the process "
        "that lists, hands out, counts and writes the journal."
    )
    return page(table(header, rows), notes(data, setting, *_model(found)))


def _model(found: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """What 64 cores would make, one of which hands out, by what that takes here: always, for a chunk, for a picture."""
    from scipy.optimize import nnls

    rates = np.array(found["per_s"])
    chunks = rates / np.array(found["chunk"])
    always, chunk, picture = nnls(np.stack([np.ones_like(rates), chunks, rates], 1), np.array(found["own"]))[0]
    yield (
        f"To hand out takes {number(always)} of a core always, {number(chunk * 1e3)} ms for each chunk and "
        f"{number(picture * 1e6)} µs for each picture (least squares)."
    )
    for photograph_ms in _PHOTOGRAPH_MS:
        size = min(MOST, _CHUNK_S / photograph_ms * 1e3)
        most = (1 - always) / (chunk / size + picture)
        wanted = (_CORES - 1) / photograph_ms * 1e3
        yield (
            f"So where a photograph takes {photograph_ms:g} ms of a core, {_CORES} cores, one of which hands out, make "
            f"{number(min(wanted, most))} a second: their 63 workers can make {number(wanted)}, one core hands out "
            f"{number(most)} by this fit."
        )
    yield (
        "A fit to a process that is nearly at rest says little of a core that is full: how many inputs one hands out"
        " at most is measured by the whole job among [tasks that do nothing](#tasks-that-do-nothing)."
    )


class _Look(NamedTuple):
    at: float
    own_ns: int
    busy_s: float


def steady(count: int, each_s: float, root: Path) -> Values:
    """Pictures per second while all of `count` workers work; what the process over them and the machine used then."""
    source, target = root / "in", root / "out"
    fill_small(source, int(count / each_s * (_STEADY_S + _END_S + 1.0 + _START_S * count)))
    shutil.rmtree(target, ignore_errors=True)
    looks = _run(_command(source, target, count, each_s))
    made = sorted(entry.stat().st_mtime for entry in os.scandir(target) if entry.name.endswith(".png"))
    end = made[-1] - _END_S
    begin = end - _STEADY_S
    done = bisect_left(made, end) - bisect_left(made, begin)
    own_s = _between(looks, begin, end, [look.own_ns / 1e9 for look in looks])
    busy_s = _between(looks, begin, end, [look.busy_s for look in looks])
    return {
        "per_s": done / _STEADY_S,
        "chunk": _chunk(target / NAME),
        "own": own_s / _STEADY_S,
        "busy": busy_s / _STEADY_S,
    }


def _chunk(journal: Path) -> float:
    """How many pictures came back at once, in the middle of the job: each time is a line."""
    lines = [json.loads(line).get("done", ()) for line in journal.read_text().splitlines()]
    return float(np.median([len(done) for done in lines[len(lines) // 3 : -len(lines) // 3] if done]))


def _run(command: Sequence[str]) -> list[_Look]:
    """What it used by when, as long as it ran."""
    looks: list[_Look] = []
    limit = time.monotonic() + _PATIENCE_S
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment()) as process,
    ):
        while process.poll() is None and time.monotonic() < limit:
            looks.append(_Look(time.time(), cpu_ns(process.pid), _busy_s()))
            time.sleep(_LOOK_S)
        process.kill()
        if process.wait():
            errors.seek(0)
            raise MeasurementError(errors.read().decode(errors="replace") or f"it ended with {process.returncode}")
    return looks


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _between(looks: Sequence[_Look], begin: float, end: float, values: Sequence[float]) -> float:
    """How much a value grew between two times."""
    first, last = np.interp((begin, end), [look.at for look in looks], values)
    return float(last - first)


def _command(source: Path, target: Path, count: int, each_s: float) -> list[str]:
    op = f"{waiting.__file__}:{waiting.Wait.__name__}={each_s}"
    command = [sys.executable, "-m", "framebus", "process", str(source), str(target)]
    return [*command, "--op", op, "--workers", str(count)]


def _options() -> Options:
    told = Options("scaling", __doc__, quick="1, 4 and 16 workers, one round")
    told.add_argument("--each", type=float, default=0.02, help="seconds that each picture waits (default 0.02)")
    told.add_either("--workers", [1, 2, 4, 8, 16, 32, 64], [1, 4, 16], type=int, nargs="+", help="how many to try")
    told.add_length("--rounds", 3, 1, "rounds")
    return told


if __name__ == "__main__":
    main()
