"""Frames through worker processes and back, in order or as they come; what fails is told of each frame."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OpError, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.links.patience import Patience as Waiting
from framebus.pool.bundle import bundle
from framebus.pool.crew import Crew, Settled
from framebus.pool.map_worker import Failure, made
from framebus.pool.questions import named, question
from framebus.pool.worker_handle import failure as failed
from framebus.pool.worker_job import Job
from framebus.supervise.assignments import Patience
from framebus.work.filling import AsTheyCome, Filling, InBatches, size
from framebus.work.quarantine import keep
from framebus.work.sharing import shared
from framebus.work.stage import Result, Stage


def window(workers: int) -> int:
    """How many pieces may be inside before the first of them is settled."""
    return 2 * workers


class _Piece:
    """Frames that travel together, and what has become of each so far."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.results = [Result(frame) for frame in frames]
        self.left = len(frames)
        """So many are not settled yet."""

    def settle(self, first: int, results: Sequence[Result]) -> None:
        """What has become of those from `first` on."""
        self.results[first : first + len(results)] = results
        self.left -= len(results)


class _Question(NamedTuple):
    """Frames of a piece that a worker was asked about: those from `first` on."""

    piece: _Piece
    first: int
    frames: Sequence[Frame]


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
        self._together = batch > 1
        """Ops get all frames of a message at once."""
        as_they_come = batch == 1 and limit_s is None
        self._filling: Filling = AsTheyCome(workers) if as_they_come else InBatches(batch)
        self._stream = f"map-{secrets.token_hex(8)}"
        self._run = secrets.randbits(64) or 1
        self._number = 0
        """Of the next question."""
        self._partial: list[Frame] = []
        self._open: dict[_Piece, None] = {}
        """In the order in which they came."""
        self._asked: dict[int, _Question] = {}
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
        nbytes = size(item)
        if not self._filling.fits(nbytes):
            self.flush()
        self._partial.append(item)
        if self._filling.full(nbytes, time.monotonic()):
            self.flush()

    def flush(self) -> None:
        """See `Stage`: also with a message that is not full."""
        if not self._partial:
            return
        frames, self._partial = self._partial, []
        piece = _Piece(frames)
        self._open[piece] = None
        self._ask(_Question(piece, 0, frames))
        self._filling.sent(time.monotonic())

    def results(self) -> list[Result]:
        """See `Stage`; drives the workers."""
        for settled in self._crew.finished():
            self._settle(settled)
        self._crew.drive()
        if self._filling.overdue(time.monotonic()):
            self.flush()
        done, self._done = list(self._done), deque()
        return done

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        """See `Stage`; begins with what waits for more."""
        if self._filling.overdue(inf):
            self.flush()
        return self._crew.wait(0.0 if self._done else limit_s, also)

    def close(self) -> None:
        self._crew.close()

    # how -----------------------------------------------------------------------------------------------------

    def _ask(self, asked: _Question) -> None:
        key = self._number
        try:
            frame = self._message(key, asked.frames)
        except (BadFrame, Unavailable) as error:
            if self._together or len(asked.frames) == 1:
                self._pass_on(asked, [self._unsent(frame, error) for frame in asked.frames])
            else:
                self._ask_each(asked)
            return
        self._number += 1
        self._asked[key] = asked
        self._crew.give(frame)

    def _ask_each(self, asked: _Question) -> None:
        """One by one, since something is wrong with them together."""
        for at, frame in enumerate(asked.frames, asked.first):
            self._ask(_Question(asked.piece, at, [frame]))

    def _message(self, key: int, frames: Sequence[Frame]) -> Frame:
        if len(frames) == 1 and not self._together:
            [frame] = frames
            plain = isinstance(frame.content, np.ndarray)  # what came encoded is decoded by the worker
            return question(shared(frame) if plain else frame, self._stream, self._run, key)
        together = bundle(frames, each=not self._together)
        return together.replace(stream=self._stream, run=self._run, seq=key)

    def _settle(self, settled: Settled) -> None:
        asked = self._asked.pop(settled.key)
        results = self._read(asked.frames, settled)
        if results is None:
            self._ask_each(asked)
        else:
            self._pass_on(asked, results)

    def _pass_on(self, asked: _Question, results: Sequence[Result]) -> None:
        asked.piece.settle(asked.first, results)
        if self._ordered:
            self._pass_on_in_order()
            return
        self._done.extend(results)
        if not asked.piece.left:
            del self._open[asked.piece]

    def _pass_on_in_order(self) -> None:
        while self._open and not (first := next(iter(self._open))).left:
            self._done.extend(first.results)
            del self._open[first]

    def _read(self, frames: Sequence[Frame], settled: Settled) -> list[Result] | None:
        """What became of them; None where nobody knows it of each, though each was to be worked on by itself."""
        known = self._together or len(frames) == 1
        if settled.reply is None:
            return [self._given_up(frame, settled.given_up) for frame in frames] if known else None
        if settled.reply.error:
            failure = Failure.told(settled.reply.error, settled.reply.data)
            return [self._failed(frame, failure) for frame in frames] if known else None
        try:
            took_s, rows = made(frames, settled.reply.data, settled.arrays)
        except BadFrame as error:
            return [self._unsent(frame, error) for frame in frames]
        self._filling.learn(len(frames), took_s)
        return [self._result(frame, row) for frame, row in zip(frames, rows, strict=True)]

    def _result(self, frame: Frame, row: Sequence[Frame] | Failure) -> Result:
        return self._failed(frame, row) if isinstance(row, Failure) else Result(frame, row)

    def _failed(self, frame: Frame, failure: Failure) -> Result:
        if failure.option:
            return Result(frame, error=OptionError(failure.option))
        return Result(frame, error=failed(f"{self._name} failed on {named(frame)}", failure.error))

    def _unsent(self, frame: Frame, error: Exception) -> Result:
        """It, or the answer, cannot travel."""
        return Result(frame, error=OpError(f"{self._name} failed on {named(frame)}: {error}"))

    def _given_up(self, frame: Frame, why: str) -> Result:
        where = keep(frame, self._name)
        kept = f"; the frame is kept in {where}" if where else ""
        return Result(frame, error=OpError(f"{self._name} failed on {named(frame)}: {why}{kept}"))
