"""What a farm is: an op in several processes, frames in, results out, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from benchmarks.harness.frames import Array

Op = Callable[[Array], Any]
Work = Callable[[Iterator[Array]], Iterator[Any]]
"""Frames in, a result for each out, in order."""
T = TypeVar("T")
Piece = TypeVar("Piece")

PIECES_PER_WORKER = 2
"""So many frames are inside for each worker: one worked on, one ready."""


class Farm(Protocol):
    """Starts `workers` processes for `op`, until the end of the `with` block."""

    def __call__(self, op: Op, workers: int, **how: Any) -> AbstractContextManager[Work]:
        """Start them."""
        ...


def windowed(
    pieces: Iterator[Piece], workers: int, submit: Callable[[Piece], T], result: Callable[[T], Any]
) -> Iterator[Any]:
    """Submit frames, or chunks of them, and wait for the results in order, never more than a window of them inside."""
    inside: deque[T] = deque()
    for piece in pieces:
        inside.append(submit(piece))
        if len(inside) >= PIECES_PER_WORKER * workers:
            yield result(inside.popleft())
    while inside:
        yield result(inside.popleft())
