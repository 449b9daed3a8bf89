"""`multiprocessing.Pool.imap`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.farms.base import Op, Work
from benchmarks.harness.frames import Array
from benchmarks.harness.processes import FORK


@contextmanager
def farm(op: Op, workers: int, chunk: int = 1) -> Iterator[Work]:
    """See `Farm`. Its own thread takes frames as fast as the pipe to the workers does."""
    with FORK.Pool(workers) as pool:

        def work(frames: Iterator[Array]) -> Iterator[object]:
            return pool.imap(op, frames, chunk)

        yield work
        pool.close()  # the end of the block alone kills workers, who may hold a lock that others wait for
        pool.join()
