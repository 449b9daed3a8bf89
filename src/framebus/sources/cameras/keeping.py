"""When a camera is tried again, how it is meanwhile, and what is worth saying: decisions without clock or socket."""

from __future__ import annotations

from typing import Literal, NamedTuple

from framebus.core.contracts import SourceState

FIRST_PAUSE_NS = 500_000_000
LONGEST_PAUSE_NS = 10 * 10**9
STEADY_NS = 5 * 10**9
"""After so long a time of pictures, the next break is a new one: the pauses begin from the shortest again."""
STALLED_NS = 10**9
STALLED_INTERVALS = 3
"""A camera stalls when no picture came for a second, and for three times as long as it usually takes."""
SILENT = "connected, but no picture comes"
MOST_TOLD = 8
"""Reasons told in one absence; a camera that has a new one every time is heard often enough."""
_NEW_SHARE = 0.1


class Retreat(NamedTuple):
    """What to do about a break: wait, and say what is worth saying."""

    pause_ns: int
    news: bool
    """Whether this trouble has not been told since pictures came last."""


class Keeping:
    """The life of one camera, told by its events. Times are monotonic nanoseconds and never go back.

    connecting → connected → picture, picture … → broke → (pause) → connecting …
    """

    def __init__(self, now_ns: int) -> None:
        self.reconnects = 0
        """How often a connection was made after the first."""
        self._phase: Literal["connecting", "connected", "showing", "broken"] = "connecting"
        self._why = "connecting"
        self._since_ns = now_ns
        self._ever = False
        self._pause_ns = FIRST_PAUSE_NS
        self._first_ns = self._last_ns = now_ns
        self._interval_ns = 0.0
        self._told: set[str] = set()

    # events --------------------------------------------------------------------------------------------------

    def connected(self, now_ns: int) -> None:
        """A connection was made."""
        self.reconnects += self._ever
        self._ever = True
        self._phase, self._last_ns = "connected", now_ns

    def picture(self, now_ns: int) -> float:
        """A picture came; how many seconds the camera was away, where this is the first after a break, else 0."""
        if self._phase == "showing":
            self._pace(now_ns)
            return 0.0
        away_s = (now_ns - self._since_ns) * 1e-9 if self._told else 0.0
        self._told.clear()
        self._phase, self._why = "showing", ""
        self._since_ns = self._first_ns = self._last_ns = now_ns
        self._interval_ns = 0.0
        return away_s

    def broke(self, why: str, now_ns: int) -> Retreat:
        """The connection broke, or was not made; `why` is told to people."""
        if self._phase == "showing" and self._last_ns - self._first_ns >= STEADY_NS:
            self._pause_ns = FIRST_PAUSE_NS
        if self._phase == "showing" or not self._told:
            self._since_ns = now_ns
        self._phase, self._why = "broken", why
        pause_ns, self._pause_ns = self._pause_ns, min(2 * self._pause_ns, LONGEST_PAUSE_NS)
        news = why not in self._told and len(self._told) < MOST_TOLD
        if news:
            self._told.add(why)
        return Retreat(pause_ns, news)

    # how it is -----------------------------------------------------------------------------------------------

    def state(self, now_ns: int, utc_ns: int) -> SourceState:
        """How the camera is at `now_ns`, which is `utc_ns` for people."""
        silent_ns = now_ns - self._last_ns
        shift_ns = utc_ns - now_ns
        if self._phase == "showing" and silent_ns <= self._stalled_after_ns():
            return SourceState(state="live", since_ns=self._since_ns + shift_ns, reconnects=self.reconnects)
        if self._phase == "showing" or (self._phase == "connected" and silent_ns > STALLED_NS):
            since_ns = self._last_ns + shift_ns
            return SourceState(state="stalled", why=SILENT, since_ns=since_ns, reconnects=self.reconnects)
        why = self._why or "connecting"
        return SourceState(state="away", why=why, since_ns=self._since_ns + shift_ns, reconnects=self.reconnects)

    def _stalled_after_ns(self) -> float:
        return max(STALLED_NS, STALLED_INTERVALS * self._interval_ns)

    def _pace(self, now_ns: int) -> None:
        """Learn how long it usually takes to the next picture."""
        took_ns = now_ns - self._last_ns
        share = _NEW_SHARE if self._interval_ns else 1.0
        self._interval_ns += share * (took_ns - self._interval_ns)
        self._last_ns = now_ns
