"""A whole program, from its start to its end: time, processor time of all its processes, memory at the peak."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.folders.ways import command
from benchmarks.harness.installed import environment
from benchmarks.harness.processes import MeasurementError
from benchmarks.harness.rounds import Values

_REST = 50
"""Times as long as a look at the memory takes, nobody looks: walking through pages costs what is being measured."""
_PATIENCE_S = 1800


def measure(way: str, job: str, source: Path, target: Path, workers: int) -> Values:
    """Do it once, into an empty folder, and look whether all files are there."""
    shutil.rmtree(target, ignore_errors=True)
    count = len(os.listdir(source))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    peak = _run(command(way, job, source, target, workers))
    took_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = [name for name in os.listdir(target) if name.endswith(".jpg")]
    if len(made) != count or not all((target / name).stat().st_size for name in made):
        raise MeasurementError(f"{way} made {len(made)} files of {count}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_s": count / took_s, "cpu_ms": cpu_s / count * 1e3, "peak_mb": peak / 1e6}


def _run(command: Sequence[str]) -> int:
    """The most memory that it and its children had, pages that several share counted once."""
    peak = [0]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()) as process:
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, over, peak))
        watcher.start()
        try:
            _, errors = process.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise MeasurementError(f"it hung for {_PATIENCE_S} s") from error
        finally:
            over.set()
            watcher.join()
    if process.returncode:
        raise MeasurementError(errors.decode(errors="replace").strip() or f"it ended with {process.returncode}")
    return peak[0]


def _watch(pid: int, over: threading.Event, peak: list[int]) -> None:
    took_s = 0.01
    while not over.wait(_REST * took_s):
        began = time.perf_counter()
        peak[0] = max(peak[0], _memory(pid))
        took_s = time.perf_counter() - began


def _memory(pid: int) -> int:
    """Of a process and all that it started, as far as they are still there."""
    total = 0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total
