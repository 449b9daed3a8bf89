"""Readers that went without a goodbye: they may return, to be told the end."""

from __future__ import annotations

from typing import NamedTuple

from framebus.session.rules import ANONYMOUS_PATIENCE_S


class _Absent(NamedTuple):
    group: str
    told_end: bool
    until: float


class Absences:
    """By session; each is waited for at the end, but not for ever."""

    def __init__(self) -> None:
        self._absent: dict[str, _Absent] = {}

    def __bool__(self) -> bool:
        """True while anybody is waited for."""
        return bool(self._absent)

    def begin(self, session: str, group: str, now: float, *, told_end: bool) -> None:
        """A member of `group` is gone; it had been `told_end` or not."""
        self._absent[session] = _Absent(group, told_end, now + ANONYMOUS_PATIENCE_S)

    def end(self, session: str) -> None:
        """That reader is here again."""
        self._absent.pop(session, None)

    def goodbye(self, who: str) -> bool:
        """A group, or a session that lost its connection before it could answer, need not be waited for.

        True for one that was told the end before it went.
        """
        gone = self._absent.get(who)
        group = who if gone is None else gone.group
        self._absent = {session: absent for session, absent in self._absent.items() if absent.group != group}
        return gone is not None and gone.told_end

    def tick(self, now: float) -> None:
        """Time has passed."""
        if self._absent:
            self._absent = {session: absent for session, absent in self._absent.items() if now < absent.until}

    def deadline(self) -> float | None:
        """When `tick` should be called at the latest, or None."""
        return min((absent.until for absent in self._absent.values()), default=None)
