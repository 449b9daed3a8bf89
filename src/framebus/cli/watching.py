"""Beside a running flow: the status line, and what happens when somebody asks to stop."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from framebus.cli.announcing import status
from framebus.cli.console import console
from framebus.cli.stopping import Stopping
from framebus.verbs.flow import GRACE_S, Flow

REDRAW_S = 0.25


class Watch:
    """A thread that draws the status line about four times a second, and ends a flow that cannot end itself."""

    def __init__(self, flow: Flow, stopping: Stopping) -> None:
        self._flow = flow
        self._stopping = stopping
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="framebus status", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        console.clear()

    def _watch(self) -> None:
        while not self._over.wait(0):
            console.status(self._line())
            if self._stopping.wait(REDRAW_S):
                self._see_it_end()
                return

    def _line(self) -> str:
        """How far it is; first of all, that a camera gives no pictures."""
        line = status(self._flow.progress())
        camera = self._flow.source.stats().state
        return line if camera is None or camera.state == "live" else f"camera {camera.state} · {line}"

    def _see_it_end(self) -> None:
        """Let what is in flight arrive; do not wait for readers that are not there."""
        console.status("finishing what is in flight; Ctrl-C again stops now")
        deadline = time.monotonic() + GRACE_S
        while not self._over.wait(REDRAW_S):
            progress = self._flow.progress()
            nobody = all(reader.away for reader in progress.readers)
            if time.monotonic() > deadline or (progress.phase == "writing" and nobody):
                self._flow.abandon()
                return
