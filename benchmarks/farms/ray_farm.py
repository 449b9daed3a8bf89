"""Ray: a remote function for each frame."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import ray

from benchmarks.farms.base import Op, Work, windowed


@contextmanager
def farm(op: Op, workers: int) -> Iterator[Work]:
    """See `Farm`; a cluster of its own on this machine."""
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        remote = ray.remote(op)
        yield partial(windowed, workers=workers, submit=remote.remote, result=ray.get)
    finally:
        ray.shutdown()
