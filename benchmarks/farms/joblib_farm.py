"""joblib's `Parallel` with its usual processes, as a generator of results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor

from benchmarks.farms.base import PIECES_PER_WORKER, Op, Work
from benchmarks.harness.frames import Array


@contextmanager
def farm(op: Op, workers: int) -> Iterator[Work]:
    """See `Farm`. joblib chooses how many small frames go together, and writes large ones to files that are mapped."""
    window = PIECES_PER_WORKER * workers
    try:
        with joblib.Parallel(n_jobs=workers, return_as="generator", pre_dispatch=window) as parallel:

            def work(frames: Iterator[Array]) -> Iterator[Any]:
                results: Iterator[Any] = parallel(joblib.delayed(op)(frame) for frame in frames)
                return results

            yield work
    finally:
        get_reusable_executor().shutdown(wait=True)  # its processes would stay for five minutes
