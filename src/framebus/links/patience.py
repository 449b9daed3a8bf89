"""Waiting with a limit, saying so once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

SAY_AFTER_S = 1.0

log = logging.getLogger("framebus")


class Patience:
    """Counts from when it is made; `timeout` None waits for ever, 0 not at all."""

    __slots__ = ("_said", "_started", "timeout")

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._started = time.monotonic() if timeout != 0 else 0.0
        self._said = False

    @property
    def text(self) -> str:
        """The limit for people."""
        return f"{self.timeout:g} s"

    def over(self, now: float) -> bool:
        """True when the limit has passed."""
        return self.timeout is not None and now - self._started >= self.timeout

    def renew(self, now: float) -> None:
        """Something happened: the limit counts from now; what was said is not said again."""
        self._started = now

    def until(self, now: float) -> float:
        """When to look again at the latest: the limit, or the moment to say that one waits."""
        until = float("inf") if self.timeout is None else self._started + self.timeout
        return until if self._said else min(until, self._started + SAY_AFTER_S)

    def say_once(self, now: float, text: Callable[[], str]) -> None:
        """After a second, log what is being waited for, if there is anything to say."""
        if not self._said and now - self._started >= SAY_AFTER_S:
            self._said = True
            if said := text():
                log.warning("%s", said)
