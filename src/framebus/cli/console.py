"""What is said to people on standard error: lines, and on a terminal one status line redrawn in place below them."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time

from framebus.core.redaction import redact

LOG = "FRAMEBUS_LOG"
"""The variable that may ask for `json`: an object for each line, for who collects logs."""
_CLEAR = "\r\x1b[K"


class Console:
    """Lines and a status line that do not get into each other's way. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status = ""

    @property
    def structured(self) -> bool:
        """Whether each line is to be a JSON object: `time` (UTC), `level`, `pid`, `message`."""
        return os.environ.get(LOG) == "json"

    @property
    def terminal(self) -> bool:
        """Whether somebody watches: standard error is a terminal."""
        return sys.stderr.isatty() and not self.structured

    def say(self, text: str, level: str = "info") -> None:
        """One line (or more) that stays; `level` as in logging, for who collects logs."""
        line = _structured(redact(text), level) if self.structured else redact(text)
        with self._lock:
            print((_CLEAR if self._status else "") + line, file=sys.stderr)
            self._draw()

    def status(self, text: str) -> None:
        """Show this until the next one; nothing where nobody watches."""
        if self.terminal:
            with self._lock:
                width = shutil.get_terminal_size().columns - 1
                self._status = redact(text)[:width]
                self._draw()

    def clear(self) -> None:
        """Take the status line away."""
        with self._lock:
            if self._status:
                self._status = ""
                print(_CLEAR, end="", file=sys.stderr, flush=True)

    def _draw(self) -> None:
        if self._status:
            print(_CLEAR + self._status, end="", file=sys.stderr, flush=True)


def _structured(text: str, level: str) -> str:
    now_ns = time.time_ns()
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ns // 10**9)) + f".{now_ns // 10**6 % 1000:03d}Z"
    record = {"time": when, "level": level, "pid": os.getpid(), "message": text}
    return json.dumps(record, ensure_ascii=False)


console = Console()
"""The one of this process."""


class ConsoleHandler(logging.Handler):
    """Log records as lines above the status line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        console.say(self.format(record), record.levelname.lower())
