"""When a process that died is started again: at once, later, or not any more. Pure: time is an argument."""

from __future__ import annotations

from collections import deque

import msgspec

KILLED = 0.05
"""How much of a death in vain it is to be killed by somebody else."""


class RestartRules(msgspec.Struct, frozen=True, kw_only=True):
    """How much dying is put up with."""

    attempts: int = 5
    """So many deaths in a row without any work done between them are the end."""
    restarts: int = 10
    """At most so many restarts within `window_s`; the next one waits until one of them is older than that."""
    window_s: float = 60.0
    first_delay_s: float = 0.1
    """Before the second attempt in a row; doubled for each further one. The first one is at once."""
    longest_delay_s: float = 10.0
    at_work_is_useless: bool = True
    """Whether a death at work is one without any work done; False where the work is blamed, not the worker."""


class Restarts:
    """The restart budget of one process."""

    def __init__(self, rules: RestartRules | None = None) -> None:
        self.rules = rules or RestartRules()
        self.useless = 0.0
        """Deaths in a row without any work done between them; one that somebody else caused counts for less."""
        self._recent: deque[float] = deque()

    def worked(self) -> None:
        """It did what it is there for: deaths before that no longer count against it."""
        self.useless = 0.0

    def died(self, now: float, *, killed: bool = False) -> float | None:
        """It died at `now`, `killed` by somebody else; when to start it again, or None when that is pointless."""
        self.useless += KILLED if killed else 1.0
        if self.useless >= self.rules.attempts:
            return None
        at = max(now + self._delay_s(), self._affordable(now))
        self._recent.append(at)
        return at

    def _delay_s(self) -> float:
        if self.useless < 2:
            return 0.0
        delay: float = self.rules.first_delay_s * 2.0 ** min(int(self.useless) - 2, 64)
        return min(delay, self.rules.longest_delay_s)

    def _affordable(self, now: float) -> float:
        """The earliest time at which a restart is within the budget."""
        while self._recent and self._recent[0] <= now - self.rules.window_s:
            self._recent.popleft()
        if len(self._recent) < self.rules.restarts:
            return now
        return self._recent[-self.rules.restarts] + self.rules.window_s
