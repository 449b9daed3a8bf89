"""The demo's whole system for an hour: does anything grow? `python -m benchmarks.soak`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import psutil

from benchmarks.harness.findings import notes, page
from benchmarks.harness.processes import leave
from benchmarks.harness.program import Options
from benchmarks.harness.results import Result
from benchmarks.harness.tables import number, table

COMMAND = (sys.executable, "-m", "framebus", "demo", "--no-browser", "--listen", "localhost:0")
EVERY_S = 5.0
WARM = 0.2
"""The part of the time that is not judged: caches fill, allocators find their size."""
STRETCHES = 60
"""So many rows are kept of each process."""
Sample = tuple[float, float, int, int]
"""Minutes, MB that it shares with nobody, descriptors, threads."""


def main() -> None:
    """Watch, print, keep."""
    told = _options().told()
    signal.signal(signal.SIGTERM, leave)
    result = Result("soak")
    data = {"minutes": told.minutes, "processes": kept(watch(told.minutes), told.minutes), "failures": {}}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def watch(minutes: float) -> dict[str, list[Sample]]:
    """Samples of each process of the demo, by what it is called."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    began = time.monotonic()
    process = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while (elapsed_s := time.monotonic() - began) < minutes * 60 and process.poll() is None:
            demo = psutil.Process(process.pid)
            for one in (demo, *demo.children(recursive=True)):
                with suppress(psutil.Error):
                    sample = (elapsed_s / 60, one.memory_full_info().uss / 1e6, one.num_fds(), one.num_threads())
                    samples[_name(one, demo)].append(sample)
            time.sleep(EVERY_S)
    finally:
        process.terminate()
        process.wait(30)
    return dict(samples)


def kept(samples: Mapping[str, Sequence[Sample]], minutes: float) -> dict[str, list[Sample]]:
    """Each stretch as one row: memory by its median, descriptors and threads by their most."""
    return {
        name: [
            (round(float(at), 3), round(float(np.median(megabytes)), 3), int(max(descriptors)), int(max(threads)))
            for at, megabytes, descriptors, threads in map(_columns, _stretches(found, minutes / STRETCHES))
        ]
        for name, found in samples.items()
    }


def _stretches(samples: Sequence[Sample], minutes: float) -> list[list[Sample]]:
    stretches: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        stretches[int(sample[0] / minutes)].append(sample)
    return list(stretches.values())


def _columns(samples: Sequence[Sample]) -> tuple[float, Sequence[float], Sequence[int], Sequence[int]]:
    minutes, megabytes, descriptors, threads = zip(*samples, strict=True)
    return minutes[0], megabytes, descriptors, threads


def _name(process: psutil.Process, demo: psutil.Process) -> str:
    if process == demo:
        return "demo: readers, supervision"
    return str(process.cmdline()[-1])[:40]


def render(data: Mapping[str, Any]) -> str:
    """One row for each process that was there all the time."""
    most = max(len(samples) for samples in data["processes"].values())
    rows = [
        [name, *_judged(samples)] for name, samples in sorted(data["processes"].items()) if len(samples) > 0.9 * most
    ]
    titles = ["process", "MB at first", "MB at last", "MB more in an hour", "descriptors", "threads"]
    setting = f"{data['minutes']:g} minutes; the first fifth is not judged; growth is a line through all of the rest."
    return page(table(titles, rows), notes(data, setting))


def _judged(samples: Sequence[Sample]) -> list[str]:
    minutes, megabytes, descriptors, threads = np.array(samples[int(len(samples) * WARM) :]).T
    slope = float(np.polyfit(minutes, megabytes, 1)[0]) * 60
    return [
        number(float(np.median(megabytes[:3]))),
        number(float(np.median(megabytes[-3:]))),
        f"{slope:+.2f}",
        _from_to(descriptors),
        _from_to(threads),
    ]


def _from_to(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return f"{int(values[0])} → {int(values[-1])} ({int(values.min())}–{int(values.max())})"


def _options() -> Options:
    told = Options("soak", __doc__, quick="two minutes")
    told.add_length("--minutes", 60.0, 2.0, "how long")
    return told


if __name__ == "__main__":
    main()
