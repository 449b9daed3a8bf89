"""Tasks that do nothing through worker processes of framebus."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.handing import nothing
from framebus.batch.crewed import Crewed
from framebus.batch.hands import Hands
from framebus.batch.job import Job
from framebus.batch.job_options import asked
from framebus.batch.recipe import Recipe
from framebus.core.frame import Frame
from framebus.pool import worker_job
from framebus.pool.crew import Crew
from framebus.supervise.assignments import Patience


def whole_job(source: str, target: str, workers: int) -> float:
    """`framebus process`, from listing its inputs to the last line of the journal, with workers that do nothing."""
    job = _Empty([source], asked(target, [], {}), workers)
    began = time.perf_counter()
    report = job.run()
    took_s = time.perf_counter() - began
    assert report.done == report.total
    return took_s


def crew(paths: Sequence[bytes], workers: int, size: int, depth: int) -> float:
    """Its workers alone: `size` paths in a message, `depth` messages at most with each worker."""
    with Crew(worker_job.Job("nothing", duty=f"{nothing.__name__}:bare"), workers, Patience(depth=depth)) as started:
        _handed(started, [b""] * workers * depth, 1)  # everybody is there
        began = time.perf_counter()
        done = _handed(started, paths, size, workers * depth)
        took_s = time.perf_counter() - began
    assert done == len(paths)
    return took_s


class _Empty(Job):
    """Has nothing done."""

    def _hands(self, recipe: Recipe) -> Hands:
        assert isinstance(self.workers, int)
        return Crewed(worker_job.Job("nothing", duty=f"{nothing.__name__}:in_a_job"), self.workers)


def _handed(crew: Crew, paths: Sequence[bytes], size: int, first: int = 0) -> int:
    """Give them all, a number each and a pause only where all have enough; how many answers came."""
    at, done = 0, 0
    while done < len(paths):
        while at < len(paths) and crew.idle:
            text = nothing.SEPARATOR.join(paths[at : at + size])
            at += size
            first += 1
            crew.give(Frame(content=np.frombuffer(text or b"?", np.uint8), stream="paths", run=1, seq=first))
        crew.drive()
        crew.wait(1.0)
        crew.drive()
        done += sum(len(settled.reply.data) for settled in crew.finished() if settled.reply is not None)
    return done
