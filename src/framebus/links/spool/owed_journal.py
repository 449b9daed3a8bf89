"""Who is owed what: a file to which lines are added, and which is written anew when most of it is out of date."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from io import FileIO

from framebus.core.whole import whole
from framebus.links.spool import damaged_files, notes, records
from framebus.links.spool.records import Record
from framebus.wire.layout import Buffer

NAME = "journal"
_PARTIAL = ".partial"
LEAST_BYTES = 1_000_000
TIMES = 4
"""Written anew when it is so many times what it was then, and `LEAST_BYTES` at least."""

log = logging.getLogger("framebus")


class Journal:
    """One file. Used under one lock."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, NAME)
        self._file: FileIO | None = None
        self._size = self._fresh = 0

    def load(self, use: Callable[[notes.Line], None]) -> None:
        """Give every line to `use`. Raises `OSError`."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path + _PARTIAL)

        def note(record: Record) -> None:
            self._size = record.end
            try:
                use(notes.line(record.label))
            except notes.BadLine as error:
                log.error("spool: %s, byte %d: %s; left out", self.path, record.offset, error)

        if os.path.exists(self.path):
            damaged_files.sound(self.path, note)

    @property
    def outgrown(self) -> bool:
        """True when it should be written anew."""
        return self._size > max(LEAST_BYTES, TIMES * self._fresh)

    def add(self, new: Iterable[notes.Line]) -> None:
        """Add lines. Raises `OSError`; then none of them was added."""
        if self._file is None:
            self._file = FileIO(os.open(self.path, records.NEW, 0o600), "w")
        self._size = records.append(self._file, self._size, _framed(new))

    def write_anew(self, all_lines: Iterable[notes.Line]) -> None:
        """Replace it by these lines, whole or not at all. Raises `OSError`."""
        partial = self.path + _PARTIAL
        with contextlib.ExitStack() as undone:
            fresh = undone.enter_context(FileIO(os.open(partial, records.NEW | os.O_TRUNC, 0o600), "w"))
            with whole(self.path, partial):
                size = records.append(fresh, 0, _framed(all_lines))
            undone.pop_all()
        self.close()
        self._file, self._size, self._fresh = fresh, size, size

    def sync(self) -> None:
        """Force what was written to the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def remove(self) -> None:
        """There is nothing to remember."""
        self.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def close(self) -> None:
        """Close the file; more than once is fine."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _framed(new: Iterable[notes.Line]) -> list[Buffer]:
    return [b"".join(bytes(part) for line in new for part in records.frame(notes.encode(line)))]
