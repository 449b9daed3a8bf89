"""Three services of 30, 40 and 50 ms: each sleeps, then answers with the number of the frame it was given."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness.frames import SIZES, Array, number_of

Answer = dict[str, int] | Array
Service = Callable[[Array], Any]

_PICTURE = np.zeros(SIZES["6MB"], np.uint8)


def small_30(image: Array) -> dict[str, int]:
    """Thirty milliseconds, a few bytes."""
    return _small(image, 0.030)


def small_40(image: Array) -> dict[str, int]:
    """Forty milliseconds, a few bytes."""
    return _small(image, 0.040)


def small_50(image: Array) -> dict[str, int]:
    """Fifty milliseconds, a few bytes."""
    return _small(image, 0.050)


def large_30(image: Array) -> Array:
    """Thirty milliseconds, six megabytes."""
    return _large(image, 0.030)


def large_40(image: Array) -> Array:
    """Forty milliseconds, six megabytes."""
    return _large(image, 0.040)


def large_50(image: Array) -> Array:
    """Fifty milliseconds, six megabytes."""
    return _large(image, 0.050)


SERVICES: dict[str, tuple[Service, Service, Service]] = {
    "small": (small_30, small_40, small_50),
    "6 MB": (large_30, large_40, large_50),
}
"""Kind of answer to the three, the slowest last."""


def check(answer: Answer, number: int) -> None:
    """Raise `ValueError` unless this is an answer to frame `number`."""
    found = answer["number"] if isinstance(answer, dict) else number_of(answer)
    if found != number:
        raise ValueError(f"an answer to frame {found} instead of {number}")


def _small(image: Array, seconds: float) -> dict[str, int]:
    time.sleep(seconds)
    return {"number": number_of(image)}


def _large(image: Array, seconds: float) -> Array:
    time.sleep(seconds)
    ends = _PICTURE.reshape(-1).view(np.uint64)
    ends[0] = ends[-1] = number_of(image)
    return _PICTURE
