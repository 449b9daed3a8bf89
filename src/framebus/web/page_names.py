"""Two places may give streams of one name; on the page each has its own."""

from __future__ import annotations

import threading

from framebus.core.names import unlike


class Naming:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[tuple[int, str], str] = {}
        self._taken: set[str] = set()

    def name_of(self, place: int, stream: str) -> str:
        """What stream `stream` of place number `place` is called here: as it is, or with a number behind."""
        found = self._names.get((place, stream))
        if found is not None:
            return found
        with self._lock:
            name = unlike(stream, self._taken)
            self._taken.add(name)
            self._names[place, stream] = name
            return name
