"""One stream on its way to shared memory, in a thread that begins again when it breaks."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from framebus.core.errors import Error
from framebus.core.redaction import redact
from framebus.graph.channel import Figures
from framebus.graph.flowing import figures_of
from framebus.graph.plans import Stream
from framebus.supervise.life import Life
from framebus.supervise.restarts import RestartRules
from framebus.verbs.accepted_options import checked
from framebus.verbs.ending import see_end
from framebus.verbs.flow import Flow
from framebus.verbs.pipe import assemble

RULES = RestartRules(attempts=sys.maxsize, longest_delay_s=10.0)
"""A camera, a file or a name that is not there now may be there later."""


class Streaming:
    """Moves the frames of a source to `shm://<name>` from when it is made, until that ends or somebody ends it."""

    def __init__(self, name: str, stream: Stream, on_end: Callable[[], None]) -> None:
        self.stream = stream
        self.done = False
        """True once the source has ended, as a file does."""
        self._name = name
        self._on_end = on_end
        self._life = Life(RULES)
        self._why = ""
        self._sums = Figures()
        self._lock = threading.Lock()  # guards the two below against each other
        self._flow: Flow | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"framebus stream {name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop it: what was sent arrives, for five seconds at most. Readers wait for a successor."""
        with self._lock:
            self._ending.set()
            flow = self._flow
        if flow is not None:
            see_end(flow, self._ended)
        self._thread.join()

    def figures(self) -> Figures:
        """How it is doing."""
        sums, flow = self._sums, self._flow
        now = Figures(state="waiting") if flow is None else figures_of(flow)
        now.streams = {}
        now.frames, now.missed = now.frames + sums.frames, now.missed + sums.missed
        now.restarts = self._life.deaths
        if self.done or self._life.state in ("waiting", "failed"):
            now.state = "done" if self.done else "again" if self._life.state == "waiting" else "failed"
            now.why = "" if self.done else self._why
            now.rate, now.age_s = 0.0, None
        return now

    def _run(self) -> None:
        while not self._ending.is_set() and not self._life.over:
            self._life.started()
            try:
                self._move()
            except Exception as error:  # whatever it is, the other streams go on
                self._why = redact(str(error) or type(error).__name__)
                self._bear(error)
        self._on_end()

    def _bear(self, error: Exception) -> None:
        """Wait until it may be begun again, where that makes sense."""
        if isinstance(error, Error) and error.hopeless:
            self._life.failed()
        else:
            self._life.died(now := time.monotonic())
            self._ending.wait(max(0.0, (self._life.start_at or now) - now))

    def _move(self) -> None:
        where, options = f"shm://{self._name}", checked(self.stream.options)
        flow = assemble([self.stream.source], where, options, called=self._name)
        with self._lock:
            self._flow = flow
            if self._ending.is_set():
                flow.stop()
        self._life.ready()
        try:
            flow.run()
            self.done = flow.finished
            self._life.stop()
        finally:
            self._add_up(flow)

    def _add_up(self, flow: Flow) -> None:
        progress = flow.progress()
        if progress.frames:
            self._life.worked()
        sums = self._sums
        self._sums = Figures(frames=sums.frames + progress.frames, missed=sums.missed + progress.missed)
        self._flow = None

    def _ended(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()
