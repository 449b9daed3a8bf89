"""When files and objects were written, with as few questions as possible."""

from __future__ import annotations

import os
from collections import OrderedDict

from framebus.batch.stores import objects
from framebus.batch.stores.urls import is_url, parent

_KEPT = 8
"""Folders of stores whose listing is remembered: inputs and outputs come folder by folder."""


class Stamps:
    """Asks the system about files; about objects it lists the folder they are in, once. Used by one thread."""

    def __init__(self) -> None:
        self._folders: OrderedDict[str, dict[str, int]] = OrderedDict()

    def of(self, path: str) -> int | None:
        """When it was written (ns, by the clock of where it is); None where it is not there. Raises `Unavailable`."""
        if is_url(path):
            return self._listed(parent(path)).get(path.rpartition("/")[2])
        try:
            return os.stat(path).st_mtime_ns
        except OSError:
            return None

    def _listed(self, folder: str) -> dict[str, int]:
        if folder not in self._folders:
            entries = objects.listed(folder)
            self._folders[folder] = {
                entry.url.rpartition("/")[2]: entry.written_ns for entry in entries if not entry.folder
            }
            if len(self._folders) > _KEPT:
                self._folders.popitem(last=False)
        self._folders.move_to_end(folder)
        return self._folders[folder]


def as_new(stamp_ns: int, since_ns: int, *, coarse: bool) -> bool:
    """Whether something is no older than something else; `coarse`: one of the clocks only tells seconds, or nothing."""
    if coarse and not stamp_ns:
        return True
    if coarse:
        return stamp_ns // objects.SECOND_NS >= since_ns // objects.SECOND_NS
    return stamp_ns >= since_ns
