"""Recordings that are being made: one process for each, watched by a thread that tells how it is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Literal

from framebus.core import clock
from framebus.core.closing import Closing
from framebus.core.errors import Error
from framebus.core.redaction import redact
from framebus.web.recorder_process import PATIENCE_S, Told
from framebus.web.tap import Tap
from framebus.work.spawn import spawn

log = logging.getLogger("framebus")

LOOK_S = 0.5
State = Literal["starting", "recording", "finishing", "failed", "ended"]


class Take(Closing):
    """One recording of `stream` into the file `path`, called `file` outside.

    source   the address to read beside the page, or a tap where only the page can read
    news     called in a thread whenever something changed

    Runs until `stop`, or the source ends. Thread-safe.
    """

    def __init__(self, stream: str, source: str | Tap, path: str, file: str, news: Callable[[], None]) -> None:
        self.stream = stream
        self.file = file
        self.why = ""
        """Why it failed."""
        self.asked_ns = clock.utc_ns()
        """When somebody wanted it."""
        self._source = source
        self._path = path
        self._news = news
        self._outcome: Literal["", "failed", "ended"] = ""
        self._frames = 0
        self._began = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"framebus-web recording {stream}", daemon=True)

    @property
    def state(self) -> State:
        """How it is, in a word."""
        if self._outcome:
            return self._outcome
        if self._stopping.is_set():
            return "finishing"
        return "recording" if self._began else "starting"

    @property
    def over(self) -> bool:
        """Whether nothing is written any more."""
        return bool(self._outcome)

    def start(self) -> None:
        """Begin."""
        log.info("recording %s in %s", self.stream, self.file)
        self._thread.start()

    def stop(self) -> None:
        """Finish soon; does not wait."""
        self._stopping.set()

    def close(self) -> None:
        """Finish, and wait for that; idempotent."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def told(self) -> dict[str, Any]:
        """How it is; JSON-able."""
        seconds = time.monotonic() - self._began if self._began else 0.0
        facts = {"state": self.state, "seconds": round(seconds, 1), "frames": self._frames, "file": self.file}
        return facts | {"why": self.why}

    def _run(self) -> None:
        with ExitStack() as ending:
            ending.callback(self._news)
            if isinstance(self._source, Tap):
                ending.enter_context(self._source)
            try:
                self._record(self._source)
            except Error as error:
                self._failed(redact(str(error)))
            except Exception as error:  # whatever it is: nothing is written any more, and everybody sees why
                self._failed(redact(f"{type(error).__name__}: {error}"))

    def _record(self, source: str | Tap) -> None:
        address = str(source.address) if isinstance(source, Tap) else source
        with spawn("framebus.web.recorder_process:Recorder", address, self._path, restart="never") as recorder:
            told: Told = recorder.told()
            while not told["over"] and not self._stopping.wait(LOOK_S):
                told = recorder.told()
                self._note(told)
            if isinstance(source, Tap):
                source.close()  # first, so that nothing is on its way any more
            told = recorder.finish()
        self._note(told)
        self._ended(told["why"] or ("" if told["over"] else f"the file was not finished within {PATIENCE_S:g} s"))

    def _note(self, told: Told) -> None:
        self._frames = told["frames"]
        if self._frames and not self._began:
            self._began = time.monotonic()
            self._news()

    def _ended(self, why: str) -> None:
        if why:
            self._failed(why)
            return
        log.info("recorded %s: %d pictures in %s", self.stream, self._frames, self.file)
        self._outcome = "ended"

    def _failed(self, why: str) -> None:
        log.warning("recording %s failed: %s", self.stream, why)
        self.why, self._outcome = why, "failed"
