"""All ways to hand out tasks that do nothing; `python -m benchmarks.handing.ways WAY COUNT WORKERS` says how long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from benchmarks.folders.places import fill_small, in_memory

Work = Callable[[int, int], float]
"""Number of tasks, number of workers: seconds."""


class Way(NamedTuple):
    """One way."""

    work: Work
    needs: str = ""
    """The package, where it is not part of framebus or Python."""
    part: int = 1
    """It is so slow that only this part of the tasks is done, and counted."""


def _peer(name: str, *told: int) -> Work:
    def work(count: int, workers: int) -> float:
        from benchmarks.handing import peers

        took_s: float = getattr(peers, name)(_paths(count), workers, *told)
        return took_s

    return work


def _crew(count: int, workers: int, size: int, depth: int) -> float:
    from benchmarks.handing.ours import crew

    return crew(_paths(count), workers, size, depth)


def _job(count: int, workers: int) -> float:
    from benchmarks.handing.ours import whole_job

    with in_memory() as root:
        fill_small(root / "in", count)
        return whole_job(str(root / "in"), str(root / "out"), workers)


def _paths(count: int) -> list[bytes]:
    return [b"/data/photographs/%06d.jpg" % number for number in range(count)]


JOB = "a whole job of framebus"
CREW = "framebus's workers alone"

MANY: dict[str, Way] = {
    JOB: Way(_job),
    f"{CREW}, 256 a message": Way(partial(_crew, size=256, depth=4)),
    "ROUTER/DEALER, 4 messages ahead, 64 each": Way(_peer("router", 64, 4), "zmq"),
    "Pool.imap_unordered, chunks of 100": Way(_peer("pool", 100)),
    "ProcessPoolExecutor.map, chunks of 100": Way(_peer("executor", 100)),
    "joblib": Way(_peer("joblib"), "joblib"),
    "dask, 100 a task": Way(_peer("dask", 100), "distributed"),
}
"""Several in a message."""

SINGLE: dict[str, Way] = {
    f"{CREW}, 32 ahead": Way(partial(_crew, size=1, depth=32)),
    "ROUTER/DEALER, 32 ahead": Way(_peer("router", 1, 32), "zmq"),
    "ROUTER/DEALER, one at a time": Way(_peer("router", 1, 1), "zmq"),
    "Pool.imap_unordered": Way(_peer("pool", 1)),
    "ProcessPoolExecutor.map": Way(_peer("executor", 1), part=4),
    "dask": Way(_peer("dask", 1), "distributed", part=20),
}
"""A message for each."""

if __name__ == "__main__":
    way, count, workers = sys.argv[1:]
    print({**MANY, **SINGLE}[way].work(int(count), int(workers)))
