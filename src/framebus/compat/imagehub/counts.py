"""What came to a hub, what became of it, and what could not be written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from framebus.core.errors import Unavailable

log = logging.getLogger("framebus")


class Counts(msgspec.Struct):
    """What came, and what became of it."""

    pictures: int = 0
    """Written."""
    events: int = 0
    """Written to the log."""
    heartbeats: int = 0
    ignored: int = 0
    """Raw and test pictures, and what is no picture."""
    over: int = 0
    """Pictures and events above the day's cap."""
    lost: int = 0
    """Pictures and events that the disk did not take."""


class Troubles:
    """What cannot be written is counted, and said once when it begins and when it is over."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._lost: dict[str, int] = {}

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Take `Unavailable` as the loss of one of `what`, anything else as the end of the trouble."""
        try:
            yield
        except Unavailable as error:
            self._counts.lost += 1
            if what not in self._lost:
                log.warning("%s are lost until this is over: %s", what, str(error))
            self._lost[what] = self._lost.get(what, 0) + 1
            return
        if lost := self._lost.pop(what, 0):
            log.warning("%s are written again; %d were lost", what, lost)
