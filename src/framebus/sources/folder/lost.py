"""What was lost before pictures of a folder, as their recorder noted it beside them."""

from __future__ import annotations

import os
from contextlib import suppress

from framebus.wire.recordings import picture_folder

Noted = tuple[str, dict[str, int]]
"""A folder, and what was lost before files below it."""


class Lost:
    """Reads the notes of each folder once: those in it, or else in the nearest folder above that has some."""

    def __init__(self) -> None:
        self._noted: dict[str, Noted] = {}

    def before(self, path: str) -> int:
        """How many frames were lost before the one in the file at `path`."""
        path = os.path.abspath(path)
        root, found = self._of(os.path.dirname(path))
        return found.get(os.path.relpath(path, root).replace(os.sep, "/"), 0) if found else 0

    def _of(self, folder: str) -> Noted:
        if folder not in self._noted:
            above = os.path.dirname(folder)
            found = _notes(folder)
            self._noted[folder] = (folder, found) if found or above == folder else self._of(above)
        return self._noted[folder]


def _notes(folder: str) -> dict[str, int]:
    with suppress(OSError), open(os.path.join(folder, picture_folder.NAME), "rb") as file:
        return picture_folder.read(file.read())
    return {}
