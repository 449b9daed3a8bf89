"""Frames to work on, with a way to see that a result is that of its frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import numpy as np

from benchmarks.farms.base import Op
from benchmarks.farms.ops import nothing, numpy_fft2
from benchmarks.harness.frames import Array, Frames

_BYTES = 64_000_000


class Task:
    """Frames without end, and an op. `check` raises for what is not the result of the frame of that number."""

    op: Op

    def frames(self, count: int) -> Iterator[Array]:
        """The first `count` frames."""
        raise NotImplementedError

    def check(self, number: int, result: Any) -> None:
        """Raise `ValueError` unless `result` is that of frame `number`."""
        raise NotImplementedError


class Spectrum(Task):
    """Random pictures to be transformed: the lowest frequency of a result is the sum of its picture."""

    op = staticmethod(numpy_fft2)

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        count = max(6, _BYTES // (int(np.prod(shape)) * np.dtype(dtype).itemsize))
        noise = np.random.default_rng(1)
        self._ring = [noise.integers(0, 256, shape).astype(dtype) for _ in range(count)]
        self._sums = [image.sum(axis=(0, 1), dtype=np.float64) for image in self._ring]

    def frames(self, count: int) -> Iterator[Array]:
        return islice(cycle(self._ring), count)

    def check(self, number: int, result: Any) -> None:
        expected = self._sums[number % len(self._sums)]
        if not np.allclose(result[0, 0], expected):
            raise ValueError(f"the result of frame {number} is another one's")


class Nothing(Task):
    """Small numbered pictures that nothing is done to."""

    op = staticmethod(nothing)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._frames = Frames(shape, 1)

    def frames(self, count: int) -> Iterator[Array]:
        return (self._frames.numbered(number) for number in range(count))

    def check(self, number: int, result: Any) -> None:
        if result["number"] != number:
            raise ValueError(f"the result of frame {result['number']} instead of {number}")
