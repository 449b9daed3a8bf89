"""Chunks worked on by processes of ours; whoever is killed, its chunk goes to another."""

from __future__ import annotations

from math import inf

import numpy as np

from framebus.batch.frozen import Frozen
from framebus.batch.hands import Hands
from framebus.batch.piece import Chunk, Result, heard, packed
from framebus.core.frame import Frame
from framebus.pool.answers import unpack
from framebus.pool.crew import Crew, Settled
from framebus.pool.worker_job import Job
from framebus.supervise.assignments import Patience

_MOST_PER_S = 80
"""Chunks that all workers together take: each costs this process one or two milliseconds."""


class Crewed(Hands):
    """`count` worker processes with one job, which is to answer chunks; `limit_s` is for one picture."""

    def __init__(self, job: Job, count: int, limit_s: float | None = None) -> None:
        self.workers = count
        self.target_s = max(Hands.target_s, count / _MOST_PER_S)
        self._limit_s = limit_s
        self._frozen = Frozen(limit_s or inf)
        # the next chunk waits with its worker, who then need not ask for it; not behind one that takes far too long
        self._crew = Crew(job, count, Patience(short_s=2 * self.target_s))
        self._out: dict[int, Chunk] = {}

    @property
    def free(self) -> bool:
        return self._crew.idle

    @property
    def busy(self) -> bool:
        return bool(self._out)

    def give(self, chunk: Chunk) -> None:
        self._out[chunk.number] = chunk
        paths = np.frombuffer(packed(chunk.pieces), np.uint8)
        self._crew.give(Frame(content=paths, stream="chunk", run=1, seq=chunk.number))

    def results(self, limit_s: float) -> list[Result]:
        self._crew.drive()
        self._crew.wait(limit_s)
        self._crew.drive()
        if self._out:
            self._frozen.look(self._crew.pids)
        return [self._result(settled) for settled in self._crew.finished()]

    def close(self) -> None:
        self.lost = self._crew.deaths
        self._crew.close()

    def _result(self, settled: Settled) -> Result:
        chunk = self._out.pop(settled.key)
        if settled.reply is None:
            return Result(chunk, given_up=self._why(settled.given_up))
        if settled.reply.error:
            return Result(chunk, given_up=settled.reply.error.partition("\n")[0])
        seconds, outcomes = unpack(settled.reply.data, settled.arrays)
        return Result(chunk, heard(outcomes), seconds)

    def _why(self, given_up: str) -> str:
        if "SIGALRM" in given_up:
            return f"it took longer than {self._limit_s:g} s, more than once: work_timeout (--work-timeout) allows more"
        return given_up
