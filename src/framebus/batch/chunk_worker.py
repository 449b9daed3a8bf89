"""What those do who work on chunks elsewhere: processes of ours, and the processes or threads of an executor."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import msgspec

from framebus.batch import tuning
from framebus.batch.piece import told, unpacked
from framebus.batch.recipe import Recipe, Spec
from framebus.batch.stores import objects
from framebus.batch.stores.urls import is_url
from framebus.batch.task import Task
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.pool import byvalue
from framebus.pool.answers import pack
from framebus.pool.calling import Said
from framebus.pool.worker_job import Job

NAME = "process"

Answer = tuple[float, str]
"""Seconds, and outcomes as `told`."""


def job_of(recipe: Recipe) -> Job:
    """The job of a worker process that does what the recipe says; raises `OptionError` for ops that cannot travel."""
    return Job(NAME, code=byvalue.to_bytes(_anywhere(recipe), NAME), duty=f"{__name__}:processing")


def processing(job: Job) -> Callable[[Item], Said]:
    """The duty of such a worker: builds its ops now."""
    recipe: Recipe = byvalue.from_bytes(job.code)
    alarm = tuning.Alarm(recipe.limit_s)
    objects.wait_within(alarm.paused)
    task = Task(recipe, alarm.set)
    tuning.one_thread()
    tuning.limit_memory(recipe.max_memory)

    def answer(item: Item) -> Said:
        if not isinstance(item, Frame):
            raise BadFrame("a worker of a job gets paths, not packets")
        worked = _worked(task, item.data.tobytes())
        alarm.clear()
        return Said(*pack(worked))

    return answer


def work(code: bytes, paths: bytes) -> Answer:
    """Work on one chunk in a process or thread of an executor; what `code` says is built once in each thread.

    `code` is made by `code_of`, and comes the way the executor takes its functions.
    """
    if getattr(_built, "code", None) != code:
        _built.task = Task(byvalue.from_bytes(code))
        _built.code = code
    return _worked(_built.task, paths)


def code_of(recipe: Recipe) -> bytes:
    """The recipe for `work`; user code among its ops travels by value."""
    return job_of(recipe).code


_built = threading.local()


def _worked(task: Task, paths: bytes) -> Answer:
    began = time.perf_counter()
    outcomes = told(task.all(unpacked(paths)))
    return time.perf_counter() - began, outcomes


def _anywhere(recipe: Recipe) -> Recipe:
    """The same recipe for a process in any folder."""
    outputs = tuple(
        msgspec.structs.replace(
            output, place=_placed_anywhere(output.place), ops=tuple(map(_found_anywhere, output.ops))
        )
        for output in recipe.outputs
    )
    return msgspec.structs.replace(recipe, outputs=outputs)


def _placed_anywhere(place: str) -> str:
    return place if is_url(place) else os.path.join(os.getcwd(), place)


def _found_anywhere(spec: Spec) -> Spec:
    return Job.of(NAME, spec).text if isinstance(spec, str) else spec
