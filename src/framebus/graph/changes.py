"""What is worth a line when one looks at a system again and again: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from framebus.graph.view import View

_QUIET = frozenset({"starting", "waiting", "stopping", "stopped"})
"""States that come and go by themselves; who waits for long says so itself."""
_NO_NEWS = frozenset({("stream", "away"), ("stream", "stalled"), ("capture", "live")})
"""Cameras say it themselves, and streams are told one by one."""


class Change(NamedTuple):
    """One node or stream that is not as it was."""

    view: View
    text: str


class Changes:
    """Remembers how everything was."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[str, str, int]] = {}

    def of(self, views: Sequence[View]) -> list[Change]:
        """What has changed since the last time."""
        return [Change(view, text) for view in views if (text := self._of(view))]

    def _of(self, view: View) -> str:
        before, why, restarts = self._before.get(view.key, ("", "", 0))
        again = view.restarts > restarts
        if view.state in _QUIET and not again:
            return ""
        state = "again" if view.state in _QUIET else view.state
        self._before[view.key] = (state, view.why, view.restarts)
        back = again and state == "live"
        if not back and ((state, view.why) == (before, why) or (view.kind, state) in _NO_NEWS):
            return ""
        death = view.death if again else ""
        words = "is started again" if death or (again and view.state != "again") else _WORDS.get(state, f"is {state}")
        reason = death or ("" if state == "live" else view.why)
        return f"{view.name} {words}" + (f": {reason}" if reason else "")


_WORDS = {"again": "is tried again", "failed": "has failed", "silent": "does not answer"}
