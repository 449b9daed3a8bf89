"""Ways to do a job to a folder, each a program of its own, which loads what it needs and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

from benchmarks.folders.jobs import JOBS, Job
from benchmarks.harness import installed

Each = Callable[[Job, Path, Path], None]
Way = Callable[[Job, Path, Path, int], None]
_CHUNK = 16

OURS = {"framebus": True, "framebus, one process": False}
"""As on the command line; with workers or without."""
NEEDS = {"joblib": "joblib", "libvips processes": "pyvips", "dask": "distributed"}
"""What has to be installed for some of them."""
SIMD = "pillow-simd processes"


def missing() -> dict[str, str]:
    """The ways that there are not here, and why."""
    found = installed.missing(NEEDS)
    if not os.environ.get("PILLOW_SIMD"):
        found[SIMD] = "pip install --no-deps --target FOLDER pillow-simd, and PILLOW_SIMD=FOLDER"
    return found


def command(way: str, job: str, source: Path, target: Path, workers: int) -> Sequence[str]:
    """What somebody types."""
    if way in OURS:
        ops = [word for op in JOBS[job].ops for word in ("--op", op)]
        count = str(workers if OURS[way] else 0)
        return [sys.executable, "-m", "framebus", "process", str(source), str(target), *ops, "--workers", count]
    return [sys.executable, "-m", __name__, way, job, str(source), str(target), str(workers)]


def _pairs(source: Path, target: Path) -> Iterable[tuple[Path, Path]]:
    target.mkdir(parents=True, exist_ok=True)
    return ((path, target / path.name) for path in sorted(source.glob("*.jpg")))


def loop(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """One after the other, with however many threads the library likes."""
    each = _each(library)
    for pair in _pairs(source, target):
        each(job, *pair)


def threads(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of threads, each library told to use one itself."""
    each = _each(library)
    _one_thread_each()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda pair: each(job, *pair), _pairs(source, target)))


def processes(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of processes, in chunks."""
    os.environ["VIPS_CONCURRENCY"] = "1"  # read when it is loaded
    each, pairs = _each(library), list(_pairs(source, target))
    with ProcessPoolExecutor(workers, initializer=_one_thread_each) as pool:
        list(pool.map(partial(each, job), *zip(*pairs, strict=True), chunksize=_CHUNK))


def joblib(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """joblib as it comes."""
    from joblib import Parallel, delayed

    each = _each(library)
    Parallel(n_jobs=workers)(delayed(each)(job, *pair) for pair in _pairs(source, target))


def dask(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """A local dask cluster, fifty files to a task."""
    from dask.distributed import Client

    each, pairs = _each(library), list(_pairs(source, target))
    parts = [pairs[start : start + 50] for start in range(0, len(pairs), 50)]
    with Client(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as client:
        client.gather(client.map(lambda part: [each(job, *pair) for pair in part] and None, parts))


def hand_written(library: str, job: Job, source: Path, target: Path, workers: int) -> None:
    """The program that people write with ZeroMQ."""
    from benchmarks.folders.hand_written import run

    run(_each(library), job, source, target, workers)


def _each(library: str) -> Each:
    """What does one photograph with that library, which is loaded now."""
    module = import_module(f"benchmarks.folders.by_{_IN.get(library, library)}")
    each: Each = getattr(module, f"with_{library}")
    return each


def _one_thread_each() -> None:
    if (cv2 := sys.modules.get("cv2")) is not None:
        cv2.setNumThreads(1)


_IN = {"simplejpeg": "opencv"}
_BY_HAND: dict[str, Way] = {
    "OpenCV loop": partial(loop, "opencv"),
    "OpenCV threads": partial(threads, "opencv"),
    "OpenCV processes": partial(processes, "opencv"),
    "simplejpeg processes": partial(processes, "simplejpeg"),
    "Pillow processes": partial(processes, "pillow"),
    SIMD: partial(processes, "simd"),
    "joblib": partial(joblib, "opencv"),
    "libvips processes": partial(processes, "vips"),
    "dask": partial(dask, "opencv"),
    "hand-written": partial(hand_written, "opencv"),
}
WAYS = (*OURS, *_BY_HAND)


if __name__ == "__main__":
    way, job, source, target, workers = sys.argv[1:]
    _BY_HAND[way](JOBS[job], Path(source), Path(target), int(workers))
