"""Frames on their way from a source through ops to a sink: the loop under `fb.pipe` and `framebus pipe`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import msgspec

from framebus.core import clock
from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed, Error, OpError, Timeout
from framebus.core.frame import Frame
from framebus.core.publisher import Publisher
from framebus.core.source import Source
from framebus.core.statistics import ReaderInfo, Stats
from framebus.core.untold import Untold
from framebus.pool.questions import named
from framebus.verbs.noted import Noted
from framebus.verbs.sinking import SinkPublisher
from framebus.work.input_frames import taken
from framebus.work.stage import Inline, Result, Stage

TICK_S = 0.25
"""How often the loop looks up while nothing comes: for limits, progress and a wish to stop."""
GRACE_S = 5.0
"""How long a stopped flow waits until what it sent has arrived."""
DRAIN_S = 2.5
"""How long a stopped flow waits for what is being worked on; ending who works may take two seconds more."""
SAY_AFTER_S = 1.0

log = logging.getLogger("framebus")

Phase = Literal["starting", "reading", "writing", "finishing", "done"]
"""`starting`: whoever works on frames is not there yet, and none are read."""


class Progress(msgspec.Struct, frozen=True):
    """How far a flow is, at one moment."""

    phase: Phase
    phase_s: float
    """Seconds since the present frame is awaited, or being written."""
    elapsed_s: float
    frames: int
    written: int
    missed: int
    bytes: int
    rate: float
    age_s: float | None
    """Of the newest frame; None where nothing is live, or before the first."""
    in_flight: int
    readers: tuple[ReaderInfo, ...] = ()
    unseen: int = 0
    repeated: int = 0
    """Frames that the recording had already, and keeps as they are."""
    failed: int = 0
    """Frames left out because an op failed on them, or their pictures were damaged."""


class Flow:
    """One source, one sink. `run` in one thread; `stop`, `abandon` and `progress` from any.

    What `work` makes stands between them while it runs. Both ends are closed when `run` returns or raises, unless
    they are the caller's own.
    """

    def __init__(
        self,
        source: Source[Item],
        sink: Publisher,
        *,
        work: Callable[[], Stage] = lambda: Inline(()),
        skip_errors: bool = False,
        frames: int | None = None,
        duration_s: float | None = None,
        timeout_s: float | None = None,
        own_source: bool = True,
        own_sink: bool = True,
        on_progress: Callable[[Progress], None] | None = None,
        named: tuple[str, str] | None = None,
    ) -> None:
        """`named`: what is read and where it goes, for this machine's list; what goes to readers has a line anyway."""
        self.source = source
        self.sink = sink
        self.finished = False
        """True once the source ended or a limit was reached, and everything arrived, or the window was closed."""
        self._work = work
        self._skip_errors = skip_errors
        self._frames, self._duration_s, self._timeout_s = frames, duration_s, timeout_s
        self._own_source, self._own_sink = own_source, own_sink
        self._on_progress = on_progress
        self._named = named
        self._noted: Noted | None = None
        self._told_ns = 0
        self._said = ""
        self._taken = self._written = self._failed = self._in_flight = 0
        self._untold = Untold()
        self._arrived = threading.Condition()
        self._stopping = False  # not an Event: a signal handler sets it
        self._stopped_ns = 0
        self._began_ns = clock.mono_ns()
        self._phase: tuple[Phase, int] = ("reading", self._began_ns)
        sink.tell_states(source.states)

    def run(self) -> Stats:
        """Move frames until the source ends, a limit is reached or somebody stops it; the final figures."""
        if self._named is not None:
            self._noted = Noted(*self._named)
        try:
            with self._work() as stage:
                self._move(stage)
            self._finish()
        except BaseException as error:
            woken = self._stopping and isinstance(error, Closed)
            self.abandon()
            if not woken:
                raise
        finally:
            self._phase = ("done", clock.mono_ns())
            if self._noted is not None:
                self._noted.close()
            if self._own_source:
                self.source.close()
        return self._stats()

    def stop(self) -> None:
        """Read no more; `run` returns once what is in flight has arrived, or after five seconds."""
        self._stopping = True

    def abandon(self) -> None:
        """Let go of both ends now, without an end: readers wait for a successor. What was written stays."""
        self._stopping = True
        if self._own_sink:
            self.sink.abandon()
        if self._own_source:
            self.source.close()

    def progress(self) -> Progress:
        """How far it is now."""
        phase, since_ns = self._phase
        now_ns = clock.mono_ns()
        stats = self._stats()
        return Progress(
            phase=phase,
            phase_s=(now_ns - since_ns) * 1e-9,
            elapsed_s=(now_ns - self._began_ns) * 1e-9,
            frames=self._taken,
            written=self._written,
            failed=self._failed,
            missed=stats.missed,
            bytes=stats.bytes,
            rate=stats.rate,
            age_s=stats.age_s if self.source.live else None,
            in_flight=self._in_flight,
            readers=tuple(stats.readers),
            unseen=stats.unseen,
            repeated=stats.repeated,
        )

    # the loop ----------------------------------------------------------------------------------------------

    def _move(self, stage: Stage) -> None:
        ended = False
        while not ((ended := ended or self._over()) and self._drained(stage)):
            ready = self._is_ready(stage)
            if ended:
                stage.flush()
            elif ready and not stage.full:
                ended = not self._fetch(stage)
            results = stage.results()
            for result in results:
                self._pass(result)
            if not results and (not ready or ((ended or stage.full) and stage.busy)):
                stage.wait(TICK_S)
            self._tell()

    def _is_ready(self, stage: Stage) -> bool:
        """Frames are not taken from others, or grow old here, for somebody who is not there yet."""
        ready = stage.is_ready()
        if not ready and self._phase[0] != "starting":
            self._phase = ("starting", clock.mono_ns())
        return ready

    def _over(self) -> bool:
        """Nothing more is to be read."""
        if self._stopping and not self._stopped_ns:
            self._stopped_ns = clock.mono_ns()
        return self._stopping or self._full()

    def _drained(self, stage: Stage) -> bool:
        """Nothing is being worked on, or nobody waits for it any longer."""
        return not stage.busy or (self._stopping and clock.mono_ns() - self._stopped_ns > DRAIN_S * 1e9)

    def _fetch(self, stage: Stage) -> bool:
        """One frame more for the stage, where one comes; False at the end."""
        try:
            item = self._take(stage)
        except Timeout as error:
            self._wait_on(str(error).partition("; ")[2])
            return True
        if item is None:
            return False
        self._taken += 1
        if self._need_not_wait(item, stage):
            self.source.done(item)
        stage.put(item)
        return True

    def _take(self, stage: Stage) -> Item | None:
        if self._phase[0] != "reading":
            self._phase = ("reading", clock.mono_ns())
        tick_s = TICK_S if self._duration_s is None else min(TICK_S, max(0.0, self._left_s()))
        return taken(self.source, stage, tick_s)

    @property
    def _hands_over(self) -> bool:
        """True where the sink is a link, which keeps by itself what its readers are owed."""
        return not isinstance(self.sink, SinkPublisher)

    def _need_not_wait(self, item: Item, stage: Stage) -> bool:
        """Frames that nobody would send again are not held against the source's credit while others work on them."""
        return not isinstance(stage, Inline) and not self.source.owes(item)

    def _pass(self, result: Result) -> None:
        if result.error is not None:
            self._fail(result.error)
        made = self._with_what_was_missed(result)
        if not made:
            self.source.done(result.given)
            return
        with self._arrived:
            self._in_flight += 1
        done: Done = partial(self._done, result.given)
        if len(made) > 1:
            done = _After(len(made), done)
        for item in made:
            self._write(item, done)
        if self._hands_over and not self.source.owes(result.given):
            self.source.done(result.given)  # or a slow reader behind a relay would hold up all others

    def _with_what_was_missed(self, result: Result) -> Sequence[Item]:
        """What was missed before a frame that is left out here was missed before the next one of its run."""
        given, made = result.given, result.made
        key = given.stream, given.run
        if not made:
            self._untold.add(*key, given.missed)
        elif missed := self._untold.take(*key):
            return [made[0].replace(missed=made[0].missed + missed), *made[1:]]
        return made

    def _fail(self, error: Error) -> None:
        if not (self._skip_errors and isinstance(error, OpError)):
            raise error
        self._failed += 1
        log.warning("%s", str(error))

    def _write(self, item: Item, done: Done) -> None:
        self._phase = ("writing", clock.mono_ns())
        try:
            self.sink.write(item, done)
        except Closed:
            if self._stopping or not isinstance(self.sink, SinkPublisher):
                raise
            self._stopping = self.finished = True  # somebody closed the window: enough seen
        except BadFrame as error:
            if not _damaged(item):
                raise
            self._leave_out(item, error)
            done()
            return
        self._written += 1

    def _leave_out(self, item: Item, error: BadFrame) -> None:
        hint = "" if self._skip_errors else '; on_error="skip" (--on-error skip) leaves such pictures out'
        self._fail(OpError(f"{named(item)} cannot be written, {error}{hint}"))
        self._untold.add(item.stream, item.run, item.missed)

    def _done(self, item: Item) -> None:
        self.source.done(item)
        with self._arrived:
            self._in_flight -= 1
            self._arrived.notify_all()

    def _full(self) -> bool:
        return self._taken == self._frames or (self._duration_s is not None and self._left_s() <= 0)

    def _left_s(self) -> float:
        return (self._duration_s or 0.0) - (clock.mono_ns() - self._began_ns) * 1e-9

    def _wait_on(self, why: str) -> None:
        """Nothing came: say so once for each reason, or give up where the wait is limited."""
        waited_s = (clock.mono_ns() - self._phase[1]) * 1e-9
        text = "; ".join(filter(None, (f"waiting for frames from {_where(self.source)}", why)))
        if self._timeout_s is not None and waited_s >= self._timeout_s:
            raise Timeout(f"no frame came for {self._timeout_s:g} s; {text}")
        if waited_s >= SAY_AFTER_S and text != self._said:
            self._said = text
            log.warning("%s", text)

    # the end -----------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        self._phase = ("finishing", clock.mono_ns())
        if not self._stopping:
            if self._own_sink:
                self.sink.close()
            else:
                self._settle(None)
            self.finished = not self._stopping
            return
        self._settle(GRACE_S)
        self.abandon()

    def _settle(self, limit_s: float | None) -> None:
        """Wait until everything written has arrived."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._in_flight == 0, limit_s)

    # figures -----------------------------------------------------------------------------------------------

    def _stats(self) -> Stats:
        stats = self.source.stats()
        sent = self.sink.stats()
        stats.readers, stats.unseen, stats.repeated = sent.readers, sent.unseen, sent.repeated
        return stats

    def _tell(self) -> None:
        now_ns = clock.mono_ns()
        if now_ns - self._told_ns < TICK_S * 1e9:
            return
        self._told_ns = now_ns
        if self._noted is not None:
            self._noted.tell(self.source, now_ns)
        if self._on_progress is not None:
            self._on_progress(self.progress())


def _damaged(item: Item) -> bool:
    """Whether it came encoded, and is no picture."""
    try:
        _ = item.data
    except BadFrame:
        return isinstance(item, Frame)
    return False


class _After:
    """Calls `done` once it was itself called so many times. From any thread."""

    def __init__(self, times: int, done: Done) -> None:
        self._left = times
        self._done = done
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._done()


def _where(source: Source[Item]) -> str:
    return str(getattr(source, "where", "") or getattr(source, "name", "") or "the source")
