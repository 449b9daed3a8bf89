"""What is said to people on standard error: lines, and on a terminal one status line redrawn in place below them."""

from __future__ import annotations

import logging
import shutil
import sys
import threading

from framebus.core.redaction import redact

_CLEAR = "\r\x1b[K"


class Console:
    """Lines and a status line that do not get into each other's way. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status = ""

    @property
    def terminal(self) -> bool:
        """Whether somebody watches: standard error is a terminal."""
        return sys.stderr.isatty()

    def say(self, text: str) -> None:
        """One line (or more) that stays."""
        with self._lock:
            print((_CLEAR if self._status else "") + redact(text), file=sys.stderr)
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


console = Console()
"""The one of this process."""


class ConsoleHandler(logging.Handler):
    """Log records as lines above the status line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        console.say(self.format(record))
