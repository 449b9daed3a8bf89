"""Noticing publishers of this machine as they come: a look at the runtime folder, a few times a second."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from fnmatch import fnmatchcase

from framebus.core.bell import Bell
from framebus.links import shared
from framebus.links.reactor import reactor
from framebus.links.reminder import Reminder

LOOK_S = 0.2
AGAIN_S = 2.0
"""A publisher that ended is gone after so long: what is there then is another."""

log = logging.getLogger("framebus")


class Discovery:
    """Tells of places in shared memory that publish streams fitting `pattern`: whenever one is there that was not."""

    def __init__(self, pattern: str, tell: Callable[[list[str]], object]) -> None:
        """`tell` gets the paths of their sockets: now, and later in the reactor's thread, where it must be quick."""
        self.scheduled = float("inf")
        self._pattern = pattern or "*"
        self._tell = tell
        self._known: set[str] = set()
        self._ended: dict[str, float] = {}
        self._reminder = Reminder()
        self._never = Bell()  # the reactor knows whom it watches by their descriptors
        self._look()
        reactor().watch(self, self._never.fileno())

    def hot_until(self, now: float) -> float:
        """Never: nobody else does this."""
        return 0.0

    def turn(self, now: float) -> float:
        """Look, tell, and come again: also with what could not be dealt with, as when no descriptor was left."""
        try:
            self._look()
        except OSError as error:
            if text := self._reminder.say(str(error), self._pattern, f"shm://{self._pattern}: {error}", now):
                log.warning("%s", text)
        return now + LOOK_S

    def forget(self, path: str) -> None:
        """Whoever was there has ended, and a successor may come at once. From any thread."""
        self._ended[path] = time.monotonic() + AGAIN_S

    def close(self) -> None:
        """Look no more; `tell` is not called any more once this returns."""
        reactor().unwatch(self)
        self._never.close()

    def _look(self) -> None:
        here = {record.local for record in shared.publishers() if self._fits(record.address)}
        ended = {path for path, at in list(self._ended.items()) if time.monotonic() >= at}
        self._ended = {path: at for path, at in list(self._ended.items()) if path not in ended}
        self._known = self._known & here - ended
        if fresh := sorted(here - self._known):
            self._tell(fresh)
            self._known = here

    def _fits(self, address: str) -> bool:
        """One that publishes many streams may have a fitting one now or later; its link chooses."""
        named = address.removeprefix("shm://")
        return not named or "{" in named or fnmatchcase(named, self._pattern)
