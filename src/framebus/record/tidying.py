"""Removes the recordings that have to go, and nothing that is not one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from framebus.core import clock
from framebus.core.errors import Unavailable
from framebus.record.pruning import Retention
from framebus.record.recording_names import Found, Naming
from framebus.sinks.claim import claimed
from framebus.sinks.disk_space import free
from framebus.sinks.zarr.tree import remove
from framebus.wire.recordings.zarr import DESCRIPTION

log = logging.getLogger("framebus")

MARK = b"framebus"
"""Is in the first bytes of everything that is recorded here."""
_HEAD_BYTES = 65_536


class Tidying:
    """Keeps the files of `naming` within `retention`."""

    def __init__(self, naming: Naming, retention: Retention) -> None:
        self._naming = naming
        self._retention = retention
        self.removed = 0

    def sweep(self) -> None:
        """Remove what recorders that were killed left before anything was in it."""
        for path in self._naming.partial():
            with suppress(OSError), claimed(path):  # raises, an OSError, where it is being written
                remove(path)

    def tidy(self, open_: Iterable[str], needed: int = 0) -> None:
        """Remove what has to go; never a file that is written now, the newest, or one that framebus did not record."""
        if self._retention.unlimited:
            return
        files = [file for file in self._naming.files() if ours(file.path)]
        now_ns, left = clock.utc_ns(), free(os.path.join(self._naming.root, ".")) - needed
        newest = [file.path for file in files[-1:]]
        for file in self._retention.superfluous(files, [*open_, *newest], now_ns, left):
            self._remove(file)

    def make_room(self, nbytes: int, open_: Callable[[], Iterable[str]]) -> None:
        """See that `nbytes` more leave the reserve free; raises `Unavailable` naming the bytes where they do not."""
        reserve = self._retention.reserve
        if not reserve or free(where := os.path.join(self._naming.root, ".")) >= reserve + nbytes:
            return
        self.tidy(open_(), nbytes)
        if (left := free(where)) < reserve + nbytes:
            raise Unavailable(
                f"{self._naming.root}: {nbytes:,} bytes are needed and {left:,} are free, of which {reserve:,} are "
                "kept free by reserve (--reserve): make room; what was written is kept"
            )

    def remove_numbered(self, first: str, stream: str) -> None:
        """Remove the files that followed `first` when it was recorded before."""
        for file in self._naming.files(stream):
            if file.path != first and ours(file.path):
                self._remove(file)

    def _remove(self, file: Found) -> None:
        try:
            remove(file.path)
        except OSError as error:
            log.warning("%s cannot be removed: %s", file.path, error.strerror)
            return
        self.removed += 1
        folder = os.path.dirname(file.path)
        while os.path.relpath(folder, self._naming.root) != "." and not os.listdir(folder):
            os.rmdir(folder)
            folder = os.path.dirname(folder)


def ours(path: str) -> bool:
    """Whether the file, or the folder that is a recording, was recorded here, by its first bytes."""
    described = os.path.join(path, DESCRIPTION) if os.path.isdir(path) else path
    try:
        with open(described, "rb") as file:
            return MARK in file.read(_HEAD_BYTES)
    except OSError:
        return False
