"""A recorder in a process of its own: what the page's server starts when somebody wants a stream recorded."""

from __future__ import annotations

import threading
from typing import TypedDict

from framebus.core.errors import Error
from framebus.core.redaction import redact
from framebus.verbs.pipe import assemble

PATIENCE_S = 8.0
"""How long finishing may take."""


class Told(TypedDict):
    """How far a recorder is."""

    frames: int
    missed: int
    """Lost on their way, or left out because they came damaged."""
    over: bool
    why: str
    """Why it stopped; empty while it goes on, and where it simply ended."""


class Recorder:
    """Records what comes from `source` into `path`, from now on until `finish`."""

    def __init__(self, source: str, path: str) -> None:
        # no group: a recording that was stopped is not waited for
        self._flow = assemble([source], path, {"packets": True, "keep": "all", "group": None, "on_error": "skip"})
        self._why = ""
        self._thread = threading.Thread(target=self._run, name="framebus recorder", daemon=True)
        self._thread.start()

    def told(self) -> Told:
        """How far it is."""
        progress = self._flow.progress()
        over = not self._thread.is_alive()
        missed = progress.missed + progress.failed
        return {"frames": progress.written, "missed": missed, "over": over, "why": self._why}

    def finish(self) -> Told:
        """Write what is on its way, and end the file."""
        self._flow.stop()
        self._thread.join(PATIENCE_S)
        return self.told()

    def close(self) -> None:
        """The same, when the process ends."""
        self.finish()

    def _run(self) -> None:
        try:
            self._flow.run()
        except Error as error:
            self._why = redact(str(error))
        except Exception as error:  # whatever it is: the page says so
            self._why = redact(f"{type(error).__name__}: {error}")
