"""How long a frame takes: in a farm, in one process, and in several that move no data."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice

from benchmarks.farms.base import Farm, Op
from benchmarks.farms.tasks import Task
from benchmarks.harness.processes import FORK, Child, Parent
from benchmarks.harness.rounds import Values

_HUNG_AFTER_S = 180.0


def in_farm(load: Callable[[], Farm], task: Task, workers: int, warm: int, count: int) -> Values:
    """`count` frames through a farm, each result checked; between as many others that it is as full as ever."""
    return _apart(_farm, load, task, workers, warm, count)


def in_one_process(op: Op, task: Task, warm: int, count: int) -> Values:
    """A loop."""
    return _apart(_loop, op, task, warm, count)


def in_processes_apart(task: Task, workers: int, warm: int, count: int) -> Values:
    """The same loop in so many processes at once, a share of the frames made in each: nothing is moved."""
    share = -(-count // workers)
    start = FORK.Barrier(workers)
    with ExitStack() as running:
        children = [running.enter_context(Child(_loop, task.op, task, warm, share, start)) for _ in range(workers)]
        each = [child.result(_HUNG_AFTER_S)["per_frame_ms"] for child in children]
    return {"per_frame_ms": max(each) / workers, "frames": share * workers}


def _apart(what: Callable[..., Values], *args: object) -> Values:
    with Parent(what, *args) as child:
        return child.result(_HUNG_AFTER_S)


def _farm(load: Callable[[], Farm], task: Task, workers: int, warm: int, count: int) -> Values:
    with load()(task.op, workers) as work:
        results = enumerate(work(task.frames(warm + count + warm)))
        for number, result in islice(results, warm):
            task.check(number, result)
        began = time.monotonic()
        for number, result in islice(results, count):
            task.check(number, result)
        took = _took(began, count)
        for number, result in results:
            task.check(number, result)
        return took


def _loop(op: Op, task: Task, warm: int, count: int, start: object = None) -> Values:
    results = ((number, op(frame)) for number, frame in enumerate(task.frames(warm + count)))
    for number, result in islice(results, warm):
        task.check(number, result)
    if start is not None:
        start.wait()  # type: ignore[attr-defined]
    began = time.monotonic()
    for number, result in results:
        task.check(number, result)
    return _took(began, count)


def _took(began: float, count: int) -> Values:
    return {"per_frame_ms": (time.monotonic() - began) / count * 1e3, "frames": count}
