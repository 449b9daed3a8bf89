"""Ways to do a job to a folder, each a program: `python -m benchmarks.folders.ways WAY JOB IN OUT WORKERS`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.folders import hand_written
from benchmarks.folders.jobs import JOBS, Job, with_opencv, with_pillow, with_simplejpeg, with_vips

Each = Callable[[Job, Path, Path], None]
_CHUNK = 16


def _pairs(source: Path, target: Path) -> Iterable[tuple[Path, Path]]:
    target.mkdir(parents=True, exist_ok=True)
    return ((path, target / path.name) for path in sorted(source.glob("*.jpg")))


def loop(each: Each, job: Job, source: Path, target: Path, workers: int) -> None:
    """One after the other, with however many threads the library likes."""
    for pair in _pairs(source, target):
        each(job, *pair)


def threads(each: Each, job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of threads, each library told to use one itself."""
    _one_thread_each()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda pair: each(job, *pair), _pairs(source, target)))


def processes(each: Each, job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of processes, in chunks."""
    pairs = list(_pairs(source, target))
    with ProcessPoolExecutor(workers, initializer=_one_thread_each) as pool:
        list(pool.map(partial(each, job), *zip(*pairs, strict=True), chunksize=_CHUNK))


def joblib(each: Each, job: Job, source: Path, target: Path, workers: int) -> None:
    """joblib as it comes."""
    from joblib import Parallel, delayed

    Parallel(n_jobs=workers)(delayed(each)(job, *pair) for pair in _pairs(source, target))


def dask(each: Each, job: Job, source: Path, target: Path, workers: int) -> None:
    """A local dask cluster, fifty files to a task."""
    from dask.distributed import Client

    pairs = list(_pairs(source, target))
    parts = [pairs[start : start + 50] for start in range(0, len(pairs), 50)]
    with Client(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as client:
        client.gather(client.map(lambda part: [each(job, *pair) for pair in part] and None, parts))


def framebus(job: Job, source: Path, target: Path, workers: int) -> None:
    """Ours, as on the command line."""
    from framebus.cli import main

    ops = [word for op in job.ops for word in ("--op", op)]
    sys.exit(main(["process", str(source), str(target), *ops, "--workers", str(workers)]))


def _one_thread_each() -> None:
    import cv2

    cv2.setNumThreads(1)
    os.environ["VIPS_CONCURRENCY"] = "1"


Way = Callable[[Job, Path, Path, int], None]

WAYS: dict[str, Way] = {
    "framebus": framebus,
    "framebus, one process": lambda job, source, target, _: framebus(job, source, target, 0),
    "OpenCV loop": partial(loop, with_opencv),
    "OpenCV threads": partial(threads, with_opencv),
    "OpenCV processes": partial(processes, with_opencv),
    "simplejpeg processes": partial(processes, with_simplejpeg),
    "Pillow processes": partial(processes, with_pillow),
    "joblib": partial(joblib, with_opencv),
    "libvips processes": partial(processes, with_vips),
    "dask": partial(dask, with_opencv),
    "hand-written": partial(hand_written.run, with_opencv),
}
NEEDS = {"joblib": "joblib", "libvips processes": "pyvips", "dask": "distributed"}
"""What has to be installed for some of them."""


if __name__ == "__main__":
    way, job, source, target, workers = sys.argv[1:]
    WAYS[way](JOBS[job], Path(source), Path(target), int(workers))
