"""One frame at a time that is in shared memory already: to a worker's empty op and back, and over bare links."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import framebus as fb
from benchmarks.farms.ops import nothing
from benchmarks.harness.frames import Array
from benchmarks.harness.processes import Child, Parent
from benchmarks.harness.rounds import Values
from framebus.memory import room
from framebus.work.map import maker

_HUNG_AFTER_S = 60.0
_WARM_UP = 20
_REST_S = 0.001
"""Before each frame, so that everybody has gone to sleep, as between the pictures of a camera."""


def over_links(shape: tuple[int, ...], count: int) -> Values:
    """A frame made in place goes to another process, which sends its number back over a second link."""
    there, back = (f"shm://bench-{os.getpid()}-{way}" for way in ("there", "back"))
    with Child(_echo, there, back) as echo, Parent(_ask, there, back, shape, count) as asker:
        return asker.result(_HUNG_AFTER_S, beside=[echo])


def through_a_worker(shape: tuple[int, ...], count: int) -> Values:
    """What `fb.map` drives, with one worker, and one frame inside."""
    with Parent(_work, shape, count) as child:
        return child.result(_HUNG_AFTER_S)


def _echo(there: str, back: str) -> None:
    with fb.open(there, keep="all") as frames, fb.publish(back, wait_for=1) as out:
        for frame in frames:
            out.send(np.array([nothing(frame.image)["number"]]))


def _ask(there: str, back: str, shape: tuple[int, ...], count: int) -> Values:
    with fb.publish(there, wait_for=1) as out, fb.open(back, keep="all") as answers:

        def trip(number: int) -> int:
            with out.fill(shape, "uint8") as image:
                _write(image, number)
            return int(answers.read().image[0])

        return _timed(trip, count)


def _work(shape: tuple[int, ...], count: int) -> Values:
    with maker([nothing], 1)() as stage:

        def trip(number: int) -> int:
            image = room.shared(shape, np.dtype(np.uint8))  # as a camera's frames are, or a link's
            _write(image, number)
            image.flags.writeable = False
            stage.put(fb.Frame.of(image, stream="bench", run=1, seq=number))
            while not (results := stage.results()):
                stage.wait(_HUNG_AFTER_S)
            [made] = results[0].made
            assert isinstance(made, fb.Frame)
            return int(made.meta["number"])

        return _timed(trip, count)


def _write(image: Array, number: int) -> None:
    ends = image.reshape(-1).view(np.uint64)
    ends[0] = ends[-1] = number


def _timed(trip: Callable[[int], int], count: int) -> Values:
    took: list[int] = []
    for number in range(_WARM_UP + count):
        time.sleep(_REST_S)
        began = time.monotonic_ns()
        if trip(number) != number:
            raise ValueError(f"an answer to another frame than {number}")
        took.append(time.monotonic_ns() - began)
    return {"round_trip_us": median(took[_WARM_UP:]) / 1e3, "frames": count}
