"""Pictures on disk: a directory for each day, at most so many in it, each file complete or not there."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from framebus.compat.imagehub import picture_names
from framebus.core.errors import Unavailable
from framebus.sinks.place import Place

_TICK = timedelta(microseconds=1)


class Images:
    """The directory `root`; nobody else writes pictures there. Not thread-safe.

    Raises `Unavailable` at once where it cannot be made or written to.
    """

    def __init__(self, root: str, *, most: int) -> None:
        self.root = root
        self._most = most
        self._place: Place | None = Place(root)
        self._day = ""
        self._count = 0

    def put(self, name: str, when: datetime, data: bytes | memoryview) -> str | None:
        """Write one picture; its path below `root`, or None where the day has all it may have.

        Raises `Unavailable` when the disk is full or the directory is gone; the next picture tries again.
        """
        self._turn_to(picture_names.day(when))
        if self._count >= self._most:
            return None
        try:
            place = self._opened()
            path = picture_names.file_name(name, when)
            while place.holds(path):  # two of one name in the same microsecond
                when += _TICK
                path = picture_names.file_name(name, when)
            place.put(path, data)
        except Unavailable:
            self.close()  # a directory that was removed, or mounted anew, is looked up again
            raise
        self._count += 1
        return path

    def close(self) -> None:
        """Let others have the directory; idempotent."""
        place, self._place = self._place, None
        if place is not None:
            place.close()

    def _opened(self) -> Place:
        if self._place is None:
            self._place = Place(self.root)
        return self._place

    def _turn_to(self, day: str) -> None:
        """Another day has a count of its own, which includes what is there already: it outlives a restart."""
        if day == self._day:
            return
        self._day = day
        try:
            self._count = sum(name.endswith(".jpg") for name in os.listdir(os.path.join(self.root, day)))
        except OSError:
            self._count = 0
