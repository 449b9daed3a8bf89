"""What somebody writes who needs it once: `python improvised.py WAY IN OUT WORKERS`; loads what its way needs alone."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import cv2

Pairs = Sequence[tuple[str, str]]


def small(pair: tuple[str, str]) -> None:
    """One photograph."""
    picture = cv2.imread(pair[0])
    assert picture is not None
    cv2.imwrite(pair[1], cv2.resize(picture, (512, 512)), [cv2.IMWRITE_JPEG_QUALITY, 95])


def loop(pairs: Pairs, workers: int) -> None:
    """One after the other."""
    for pair in pairs:
        small(pair)


def threads(pairs: Pairs, workers: int) -> None:
    """A pool of threads."""
    one_thread()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(small, pairs))


def forked(pairs: Pairs, workers: int) -> None:
    """A pool of processes that begin as copies of this one."""
    processes("fork", pairs, workers)


def spawned(pairs: Pairs, workers: int) -> None:
    """A pool of processes that begin anew."""
    processes("spawn", pairs, workers)


def processes(method: str, pairs: Pairs, workers: int) -> None:
    """A pool of processes."""
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=one_thread) as pool:
        list(pool.map(small, pairs))


def joblib(pairs: Pairs, workers: int) -> None:
    """joblib as it comes."""
    from joblib import Parallel, delayed

    Parallel(n_jobs=workers)(delayed(small)(pair) for pair in pairs)


def dask(pairs: Pairs, workers: int) -> None:
    """A local dask cluster."""
    from dask.distributed import Client

    with Client(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as client:
        client.gather(client.map(small, pairs))


def one_thread() -> None:
    """Several of these share the cores."""
    cv2.setNumThreads(1)


WAYS: dict[str, Callable[[Pairs, int], None]] = {
    "loop": loop,
    "threads": threads,
    "forked processes": forked,
    "spawned processes": spawned,
    "joblib": joblib,
    "dask": dask,
}

if __name__ == "__main__":
    way, source, target, count = sys.argv[1:]
    WAYS[way]([(str(path), f"{target}/{path.name}") for path in sorted(Path(source).glob("*.jpg"))], int(count))
