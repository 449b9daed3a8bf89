"""Calling the one an end connects to: when, when again, and what people should know about it."""

from __future__ import annotations

import errno
import math
import os

from framebus.links.connection import Connection
from framebus.links.dialling import Dial
from framebus.links.fact import Fact
from framebus.links.reminder import Reminder

DOUBT_S = 0.5
"""How often it is asked whether the one we want is somewhere else."""
NOBODY_THERE = ("", os.strerror(errno.ECONNREFUSED).lower())
"""Reasons that say only that nobody listens (yet)."""
KEYLESS = "lets nobody in without a key: `framebus keys invite NAME` there, then `framebus keys join` here"


class Caller:
    """Calls one place for one end. `deadline` (monotonic seconds, or infinity) is when to call, or to doubt, next."""

    def __init__(self, dial: Dial, reminder: Reminder) -> None:
        self.deadline = 0.0
        self._dial = dial
        self._reminder = reminder

    def call(self, now: float) -> tuple[Connection | None, Fact | None]:
        """Try once, without waiting: a connection that is being made, or what people should know, or neither."""
        connection, retry_s, text = self._dial.attempt(now)
        if connection is None:
            self.deadline = now + retry_s
            return None, self._refused(text, "", text, now) if text else None
        self._doubt_later(now)
        return connection, None

    def is_elsewhere(self, now: float) -> bool:
        """Whom we are connected to may not be the one we want: True when that one is somewhere else by now."""
        if self._dial.elsewhere():
            return True
        self._doubt_later(now)
        return False

    def _doubt_later(self, now: float) -> None:
        self.deadline = now + DOUBT_S if self._dial.doubtful else math.inf

    def lost(self, connection: Connection, stood: bool, why: str, now: float) -> Fact | None:
        """The connection ended, which `stood` or never did: when to call again, and what people should know."""
        why = "" if why in NOBODY_THERE else why
        self.deadline = now + self._dial.pause(stood, why)
        address = self._dial.address
        if connection.wants_keys:
            self.deadline = math.inf  # it is for the end to try again: with a key, if there is one by then
            return self._refused(KEYLESS, address, f"{address} {KEYLESS}", now, final=True)
        return self._refused(why, address.rpartition(":")[0], f"{address}: {why}", now) if why else None

    def _refused(self, what: str, who: str, text: str, now: float, *, final: bool = False) -> Fact:
        said = self._reminder.say(what, who, text, now)
        return Fact("refused", peer=self._dial.address, text=said, final=final)
