"""`fb.map`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import framebus as fb
from benchmarks.farms.base import Op, Work
from benchmarks.harness.frames import Array


@contextmanager
def farm(op: Op, workers: int, batch: int = 1) -> Iterator[Work]:
    """See `Farm`."""
    yield partial(_work, op if batch == 1 else _each(op), workers, batch)


def _each(op: Op) -> Any:
    return lambda images: [op(image) for image in images]


def _work(op: Any, workers: int, batch: int, frames: Iterator[Array]) -> Iterator[Any]:
    with closing(fb.map(op, frames, workers=workers, batch=batch)) as results:
        for result in results:
            yield result.meta or result.data
