"""What the text that a sender puts beside its pictures says: the name of a stream, or something else each time."""

from __future__ import annotations

import re

CHANGING = 32
"""So many different texts, none of them twice, and the text is no name."""
MAX_NAMES = 64
"""Streams that one connection of another system may name."""

_NUMBER_OR_TIME = re.compile(r"[0-9TZ._-]+")


class Texts:
    """Of one connection: which stream each of its texts means. Never one stream per text."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._seen: set[str] = set()
        self._stable = False
        self._changing = False

    def stream(self, name: str) -> str:
        """`name` (a text made into a name), or the host's where the texts are numbers, times, or always new."""
        if self._changing or _NUMBER_OR_TIME.fullmatch(name):
            return self._host
        if name in self._seen:
            self._stable = True
            return name
        if len(self._seen) >= (MAX_NAMES if self._stable else CHANGING):
            self._changing = not self._stable
            return self._host
        self._seen.add(name)
        return name
