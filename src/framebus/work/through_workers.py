"""Frames through worker processes and back, in order or as they come; what fails is told of each frame."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Error, OpError, OptionError
from framebus.core.frame import Frame
from framebus.links.patience import Patience as Waiting
from framebus.pool.bundle import bundle
from framebus.pool.crew import Crew, Settled
from framebus.pool.map_worker import made
from framebus.pool.questions import named, question
from framebus.pool.worker_handle import failure
from framebus.pool.worker_job import Job
from framebus.supervise.assignments import Patience
from framebus.work.quarantine import keep
from framebus.work.sharing import shared
from framebus.work.stage import Result, Stage


def window(workers: int) -> int:
    """How many pieces may be inside before the first of them is settled."""
    return 2 * workers


class _Piece(NamedTuple):
    """Frames that are worked on together."""

    frames: list[Frame]
    results: list[Result]
    """Empty until it is settled."""


class Mapping(Stage):
    """Ops in worker processes. One thread puts frames in and takes results out."""

    def __init__(
        self,
        job: Job,
        workers: int,
        *,
        ordered: bool = True,
        batch: int = 1,
        limit_s: float | None = None,
    ) -> None:
        """`limit_s`: how long the ops may take for one frame, or batch of them."""
        self.window = window(workers)
        """Pieces that are taken in before the first of them is settled."""
        self._name = job.name
        self._ordered = ordered
        self._batch = batch
        self._stream = f"map-{secrets.token_hex(8)}"
        self._run = secrets.randbits(64) or 1
        self._number = 0
        self._partial: list[Frame] = []
        self._open: dict[int, _Piece] = {}
        self._done: deque[Result] = deque()
        self._crew = Crew(job, workers, Patience(limit_s=limit_s))
        self._ready = False
        self._waiting = Waiting(None)

    @property
    def pids(self) -> list[int]:
        """The worker processes there are now."""
        return self._crew.pids

    def is_ready(self) -> bool:
        """See `Stage`: one worker, at least, is built."""
        if not self._ready:
            self._ready = self._crew.ever_ready
            self._waiting.say_once(time.monotonic(), self._who_starts)
        return self._ready

    def _who_starts(self) -> str:
        return "" if self._ready else f"waiting for {self._name}: its processes are starting"

    @property
    def full(self) -> bool:
        return len(self._open) >= self.window

    @property
    def busy(self) -> bool:
        return bool(self._open or self._partial or self._done)

    def put(self, item: Item) -> None:
        """See `Stage`; raises `OpError` for packets, which need ops in one process."""
        if not isinstance(item, Frame):
            raise OpError(f"workers cannot share coded packets of {item.stream}: put the op decode before it")
        self._partial.append(item)
        if len(self._partial) >= self._batch:
            self.flush()

    def flush(self) -> None:
        """See `Stage`: also with a batch that is not full."""
        if not self._partial:
            return
        frames, self._partial = self._partial, []
        key, self._number = self._number, self._number + 1
        self._open[key] = _Piece(frames, [])
        self._crew.give(self._question(key, frames))

    def results(self) -> list[Result]:
        """See `Stage`; drives the workers."""
        for settled in self._crew.finished():
            self._settle(settled)
        self._crew.drive()
        done, self._done = list(self._done), deque()
        return done

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        return self._crew.wait(0.0 if self._done else limit_s, also)

    def close(self) -> None:
        self._crew.close()

    # how -----------------------------------------------------------------------------------------------------

    def _question(self, key: int, frames: Sequence[Frame]) -> Frame:
        if self._batch == 1:
            return question(shared(frames[0]), self._stream, self._run, key)
        inside = [question(frame, self._stream, self._run, at) for at, frame in enumerate(frames)]
        return bundle(inside).replace(stream=self._stream, run=self._run, seq=key)

    def _settle(self, settled: Settled) -> None:
        piece = self._open[settled.key]
        piece.results.extend(self._read(piece.frames, settled))
        if not self._ordered:
            self._done.extend(self._open.pop(settled.key).results)
            return
        while self._open and (first := next(iter(self._open.values()))).results:
            self._done.extend(first.results)
            del self._open[next(iter(self._open))]

    def _read(self, frames: Sequence[Frame], settled: Settled) -> list[Result]:
        if settled.reply is None:
            return [self._given_up(frame, settled.given_up) for frame in frames]
        if settled.reply.error:
            return [Result(frame, error=_error(self._name, frame, settled)) for frame in frames]
        try:
            rows = made(frames, settled.reply.data, settled.arrays)
        except BadFrame as error:
            return [Result(frame, error=OpError(f"{self._name} failed on {named(frame)}: {error}")) for frame in frames]
        return [Result(frame, row) for frame, row in zip(frames, rows, strict=True)]

    def _given_up(self, frame: Frame, why: str) -> Result:
        where = keep(frame, self._name)
        kept = f"; the frame is kept in {where}" if where else ""
        return Result(frame, error=OpError(f"{self._name} failed on {named(frame)}: {why}{kept}"))


def _error(name: str, frame: Frame, settled: Settled) -> Error:
    assert settled.reply is not None  # noqa: S101  (the caller has looked)
    data = settled.reply.data
    text = data.get("text", "") if isinstance(data, dict) else ""
    if isinstance(data, dict) and data.get("option"):
        return OptionError(str(text))
    return failure(f"{name} failed on {named(frame)}", settled.reply.error)
