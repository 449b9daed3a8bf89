"""`concurrent.futures.ProcessPoolExecutor`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from benchmarks.farms.base import Op, Work, windowed
from benchmarks.harness.frames import Array
from benchmarks.harness.processes import FORK


@contextmanager
def farm(op: Op, workers: int, chunk: int = 1) -> Iterator[Work]:
    """See `Farm`. Its own `map` takes all frames before it gives a result, so they are submitted one by one."""
    with ProcessPoolExecutor(workers, FORK) as pool:

        def work(frames: Iterator[Array]) -> Iterator[Any]:
            if chunk == 1:
                return windowed(frames, workers, lambda frame: pool.submit(op, frame), Future.result)
            chunks = iter(lambda: tuple(islice(frames, chunk)), ())  # itertools.batched, which came with Python 3.12
            return chain.from_iterable(
                windowed(chunks, workers, lambda some: pool.submit(_each, op, some), Future.result)
            )

        yield work


def _each(op: Op, frames: tuple[Array, ...]) -> list[Any]:
    return [op(frame) for frame in frames]
