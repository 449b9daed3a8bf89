"""Beside a running flow: the status line, and what happens when somebody asks to stop."""

from __future__ import annotations

from framebus.cli.announcing import status
from framebus.cli.beside import REDRAW_S, Beside
from framebus.cli.console import console
from framebus.cli.stopping import Stopping
from framebus.verbs.ending import see_end
from framebus.verbs.flow import Flow


class Watch(Beside):
    """Draws the status line about four times a second, and ends a flow that cannot end itself."""

    def __init__(self, flow: Flow, stopping: Stopping) -> None:
        super().__init__()
        self._flow = flow
        self._stopping = stopping

    def _watch(self) -> None:
        while not self._over.wait(0):
            console.status(self._line())
            if self._stopping.wait(REDRAW_S):
                console.status("finishing what is in flight; Ctrl-C again stops now")
                see_end(self._flow, self._over.wait, REDRAW_S)
                return

    def _line(self) -> str:
        """How far it is; first of all, that a camera gives no pictures."""
        line = status(self._flow.progress())
        camera = self._flow.source.stats().state
        return line if camera is None or camera.state == "live" else f"camera {camera.state} · {line}"
