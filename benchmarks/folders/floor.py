"""What the machine itself allows: the same steps by the fastest libraries, in bare loops, one for each worker.

Nothing is started, listed, counted or renamed in the time that counts, and no memory is given back.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2

from benchmarks.folders.by_opencv import with_simplejpeg
from benchmarks.folders.jobs import JOBS
from benchmarks.harness.processes import Child
from benchmarks.harness.rounds import Values
from framebus.core.allocator import keep_freed
from framebus.pool.duty import KEPT_BYTES


def measure(job: str, source: Path, target: Path, workers: int) -> Values:
    """Pictures per second of all loops together, while all of them run."""
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted(source.glob("*.jpg"))
    children = [Child(_loop, job, paths[number::workers], target) for number in range(workers)]
    results = [child.result(600) for child in children]
    for child in children:
        child.kill()
    return {
        "per_s": sum(count / seconds for count, seconds, _ in results),
        "cpu_ms": sum(cpu for _, _, cpu in results) / len(paths) * 1e3,
    }


def _loop(job: str, paths: list[Path], target: Path) -> tuple[int, float, float]:
    keep_freed(KEPT_BYTES)
    cv2.setNumThreads(1)
    work = JOBS[job]
    with_simplejpeg(work, paths[0], target / paths[0].name)
    began, cpu = time.perf_counter(), time.process_time()
    for path in paths:
        with_simplejpeg(work, path, target / path.name)
    return len(paths), time.perf_counter() - began, time.process_time() - cpu
