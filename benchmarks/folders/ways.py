"""Ways to do a job to a folder, each a program of its own, which loads what it needs and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.folders.jobs import JOBS, Job

Each = Callable[[Job, Path, Path], None]
Way = Callable[[Job, Path, Path, int], None]
_CHUNK = 16

OURS = {"framebus": True, "framebus, one process": False}
"""As on the command line; with workers or without."""
NEEDS = {"joblib": "joblib", "libvips processes": "pyvips", "dask": "distributed"}
"""What has to be installed for some of them."""


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


def loop(job: Job, source: Path, target: Path, workers: int) -> None:
    """One after the other, with however many threads the library likes."""
    each = _opencv()
    for pair in _pairs(source, target):
        each(job, *pair)


def threads(job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of threads, each library told to use one itself."""
    each = _opencv()
    _one_thread()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda pair: each(job, *pair), _pairs(source, target)))


def processes(each: Each, start: Callable[[], None] | None, job: Job, source: Path, target: Path, workers: int) -> None:
    """A pool of processes, in chunks."""
    pairs = list(_pairs(source, target))
    with ProcessPoolExecutor(workers, initializer=start) as pool:
        list(pool.map(partial(each, job), *zip(*pairs, strict=True), chunksize=_CHUNK))


def opencv_processes(job: Job, source: Path, target: Path, workers: int) -> None:
    """OpenCV in a pool."""
    processes(_opencv(), _one_thread, job, source, target, workers)


def simplejpeg_processes(job: Job, source: Path, target: Path, workers: int) -> None:
    """The fastest codec in a pool."""
    from benchmarks.folders.by_opencv import with_simplejpeg

    processes(with_simplejpeg, _one_thread, job, source, target, workers)


def pillow_processes(job: Job, source: Path, target: Path, workers: int) -> None:
    """Pillow in a pool."""
    from benchmarks.folders.by_pillow import with_pillow

    processes(with_pillow, None, job, source, target, workers)


def vips_processes(job: Job, source: Path, target: Path, workers: int) -> None:
    """libvips in a pool."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    from benchmarks.folders.by_vips import with_vips

    processes(with_vips, None, job, source, target, workers)


def joblib(job: Job, source: Path, target: Path, workers: int) -> None:
    """joblib as it comes."""
    from joblib import Parallel, delayed

    each = _opencv()
    Parallel(n_jobs=workers)(delayed(each)(job, *pair) for pair in _pairs(source, target))


def dask(job: Job, source: Path, target: Path, workers: int) -> None:
    """A local dask cluster, fifty files to a task."""
    from dask.distributed import Client

    each, pairs = _opencv(), list(_pairs(source, target))
    parts = [pairs[start : start + 50] for start in range(0, len(pairs), 50)]
    with Client(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as client:
        client.gather(client.map(lambda part: [each(job, *pair) for pair in part] and None, parts))


def hand_written(job: Job, source: Path, target: Path, workers: int) -> None:
    """The program that people write with ZeroMQ."""
    from benchmarks.folders.hand_written import run

    run(_opencv(), job, source, target, workers)


def _opencv() -> Each:
    from benchmarks.folders.by_opencv import with_opencv

    return with_opencv


def _one_thread() -> None:
    from benchmarks.folders.by_opencv import one_thread

    one_thread()


_BY_HAND: dict[str, Way] = {
    "OpenCV loop": loop,
    "OpenCV threads": threads,
    "OpenCV processes": opencv_processes,
    "simplejpeg processes": simplejpeg_processes,
    "Pillow processes": pillow_processes,
    "joblib": joblib,
    "libvips processes": vips_processes,
    "dask": dask,
    "hand-written": hand_written,
}
WAYS = (*OURS, *_BY_HAND)


if __name__ == "__main__":
    way, job, source, target, workers = sys.argv[1:]
    _BY_HAND[way](JOBS[job], Path(source), Path(target), int(workers))
