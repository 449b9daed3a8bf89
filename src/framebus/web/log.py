"""The part with the log: the last lines that this process logged, without anybody's passwords."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from framebus.core.redaction import RedactionFilter
from framebus.web.responses import Wrong, as_json
from framebus.web.wall import Wall
from framebus.web.ways import Role, Way

KEPT = 500
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
LOGGERS = ("framebus", "uvicorn")
_LONGEST = 4000


class Line(NamedTuple):
    """One of them, numbered from 1."""

    number: int
    at_ms: int
    """Milliseconds since 1970."""
    level: str
    text: str


class Log(logging.Handler):
    """Keeps the last lines of framebus and of the server, from `info` on. Until `close`."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.addFilter(RedactionFilter())
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._count = 0
        self._guard = threading.Lock()
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)

    def join(self, wall: Wall) -> None:
        """See `Part`."""

    def ways(self) -> Sequence[Way]:
        """See `Part`."""
        told = f"the last {KEPT} lines of the log: ?after=NUMBER&level={'|'.join(LEVELS)}"
        return (Way("GET", "/api/log", Role.OPERATE, self.listing, told),)

    def close(self) -> None:
        """See `Part`."""
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; what cannot be written as text is told like any handler tells it, not to whoever logged it."""
        try:
            text = self.format(record)[:_LONGEST]
        except Exception:
            self.handleError(record)
            return
        level = next(word for word, number in reversed(LEVELS.items()) if record.levelno >= number)
        with self._guard:
            self._count += 1
            self._lines.append(Line(self._count, int(record.created * 1000), level, text))

    def lines(self, after: int, level: str) -> list[Line]:
        """Those behind number `after`, of this level and worse."""
        least = LEVELS[level]
        with self._guard:
            return [line for line in self._lines if line.number > after and LEVELS[line.level] >= least]

    async def listing(self, request: Request) -> Response:
        """`api/log`"""
        after, level = request.query_params.get("after", "0"), request.query_params.get("level", "info")
        if not (after.isascii() and after.isdecimal() and len(after) < 16):
            raise Wrong(422, "after takes the number of a line", "after")
        if level not in LEVELS:
            raise Wrong(422, f"level takes {', '.join(LEVELS)}", "level")
        lines: list[Any] = [line._asdict() for line in self.lines(int(after), level)]
        return as_json({"lines": lines, "last": self._count})
