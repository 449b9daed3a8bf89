"""Troubles that come again and again, said now and then."""

from __future__ import annotations

import math

REMIND_S = 60.0
MAX_REMEMBERED = 64


class Reminder:
    """Says a thing once a minute at most, and how often it happened in between."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def say(self, what: str, who: str, text: str, now: float) -> str:
        """`text` if `what` was not said of `who` within a minute, else nothing; `now` in monotonic seconds."""
        said, silent = self._last.get((what, who), (-math.inf, 0))
        if now - said < REMIND_S:
            self._last[what, who] = said, silent + 1
            return ""
        if not self._room(now):
            return ""
        self._last[what, who] = now, 0
        return f"{text} ({silent} more like it)" if silent else text

    def __len__(self) -> int:
        """How many things are remembered."""
        return len(self._last)

    def _room(self, now: float) -> bool:
        """Strangers can have any number of addresses: remember some, and be silent about the rest."""
        if len(self._last) >= MAX_REMEMBERED:
            self._last = {key: value for key, value in self._last.items() if now - value[0] < REMIND_S}
        return len(self._last) < MAX_REMEMBERED
