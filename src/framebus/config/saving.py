"""Whether a file was saved. Pure: what it looks like is an argument."""

from __future__ import annotations

import os

Signature = tuple[int, int, int]
"""Time of change, size, and which file it is: editors write a new one beside it and rename it."""


class Saving:
    """Asked again and again; a file counts as saved once it has looked the same twice, or half of it might be read."""

    def __init__(self, now: Signature | None) -> None:
        self._applied = self._before = now

    def saved(self, now: Signature | None) -> bool:
        """True once for each change that is complete. None is a file that is not there, which is no change."""
        settled = now == self._before
        self._before = now
        if now is None or not settled or now == self._applied:
            return False
        self._applied = now
        return True


def signature(path: str) -> Signature | None:
    """What the file looks like now."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
