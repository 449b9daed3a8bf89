"""A flow that ends where nobody can ask for it, a file or a page, as it stands in this machine's list."""

from __future__ import annotations

import contextlib
from typing import Any

from framebus.core.errors import Unavailable
from framebus.core.redaction import redact
from framebus.core.source import Source
from framebus.core.statistics import FlowInfo, worst
from framebus.links import directory

EVERY_NS = 10**9


class Noted:
    """The line of what is read at `reads` and goes `into` something. Gone with `close()`, and with the process.

    Where this machine has no folder for such lists there is no line, and nothing else is different.
    """

    def __init__(self, reads: str, into: str) -> None:
        self._reads, self._into = redact(reads), redact(into)
        self._told_ns = 0
        self._entry: directory.Entry | None = None
        with contextlib.suppress(Unavailable):
            self._entry = directory.register("flow", self._reads, listens=False)

    def tell(self, source: Source[Any], now_ns: int) -> None:
        """How it is at monotonic `now_ns`: once a second, however often this is called."""
        if self._entry is None or now_ns - self._told_ns < EVERY_NS:
            return
        self._told_ns = now_ns
        stats, states = source.stats(), source.states()
        self._entry.tell(
            FlowInfo(
                reads=self._reads,
                into=self._into,
                kind="flow",
                rate=round(stats.rate, 3),
                age_s=stats.age_s if source.live else None,
                frames=stats.frames,
                missed=stats.missed,
                state=worst(states.values()),
                states=states,
            )
        )

    def close(self) -> None:
        """The line is gone; idempotent."""
        if self._entry is not None:
            self._entry.close()
