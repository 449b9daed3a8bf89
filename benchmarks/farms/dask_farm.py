"""dask.distributed: a task for each frame on a local cluster of processes with one thread each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from distributed import Client, Future, LocalCluster

from benchmarks.farms.base import Op, Work, windowed


@contextmanager
def farm(op: Op, workers: int) -> Iterator[Work]:
    """See `Farm`."""
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        Client(cluster) as client,
    ):
        yield partial(windowed, workers=workers, submit=partial(client.submit, op, pure=False), result=Future.result)
