"""All publishers of this machine whose streams fit a pattern, in one loop, as they come and go."""

from __future__ import annotations

import os
from collections.abc import Callable

from framebus.core.contracts import Item
from framebus.core.source import Source
from framebus.links.discovery import Discovery
from framebus.links.shared import returns
from framebus.verbs.merged import MergedSource


class FlockSource(MergedSource):
    """Reads whoever publishes a fitting stream in shared memory, from when it appears.

    Ends once there was somebody and everybody has ended.
    """

    def __init__(self, pattern: str, open_one: Callable[[str], Source[Item]], timeout: float | None = None) -> None:
        """`open_one` opens the publisher behind a socket's path."""
        super().__init__((), timeout)
        self._pattern = pattern
        self._open_one = open_one
        self._at: dict[str, Source[Item]] = {}
        self._discovery = Discovery(pattern, self._meet)

    @property
    def live(self) -> bool:
        """False once all who were found have said that each of their frames is wanted."""
        return super().live or not self._running

    def _ended(self) -> bool:
        return bool(self.sources) and not self._running

    def _meet(self, paths: list[str]) -> None:
        before = dict(self._at)
        for path in paths:
            if path not in before:  # one that died and came back is still being read
                self._read(path)
        self._bury(before)

    def _read(self, path: str) -> None:
        self._at[path] = source = self._open_one(path)
        try:
            self._join(source)
        except BaseException:
            del self._at[path]
            source.close()
            raise

    def _bury(self, known: dict[str, Source[Item]]) -> None:
        """Wait no longer for the dead who cannot come back, as a successor would be somewhere else."""
        for path, source in known.items():
            if not returns(path) and not os.path.exists(path):
                self._retire(source)

    def _retire(self, source: Source[Item]) -> None:
        super()._retire(source)
        for path, other in list(self._at.items()):
            if other is source and self._at.pop(path, None) is source:
                self._discovery.forget(path)
        source.close()

    def _place(self) -> str:
        return f"shm://{self._pattern}"

    def close(self) -> None:
        self._discovery.close()
        super().close()
