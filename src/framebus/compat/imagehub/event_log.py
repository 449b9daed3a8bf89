"""The log of events, `imagehub.log`: a line each, a file for each day, `imagehub.log.2025-11-21` for days gone by."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date, datetime
from typing import IO

from framebus.core.errors import Unavailable

NAME = "imagehub.log"
MAX_TEXT = 2000
"""Longest text of one line."""


class EventLog:
    """Lines of `2025-11-21 08:30:00,123 ~ node view|motion|moving` in local time. Not thread-safe.

    The file goes on where it was, and gets the date in its name at the first line of another day. Raises `Unavailable`
    at once where it cannot be written.
    """

    def __init__(self, folder: str, *, most: int) -> None:
        self.path = os.path.join(folder, NAME)
        self._most = most
        self._lines = 0
        self._file: IO[str] | None = None
        self._day: date | None = None
        try:
            os.makedirs(folder, exist_ok=True)
            self._reopen()
        except OSError as error:
            raise self._unavailable(error) from error

    def write(self, text: str, when: datetime) -> bool:
        """Add one line; False where the day has all the lines it may have.

        Raises `Unavailable` when it cannot be written; the next line tries again.
        """
        try:
            self._turn_to(when.date())
            if self._lines >= self._most:
                return False
            self._add(f"{_moment(when)} ~ {one_line(text)}\n")
            self._day = when.date()
        except OSError as error:
            self.close()
            raise self._unavailable(error) from error
        self._lines += 1
        return True

    def close(self) -> None:
        """Close the file; idempotent."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # a line that found no room; whoever wrote it was told
                file.close()

    def _add(self, line: str) -> None:
        if self._file is None:
            self._reopen()
        assert self._file is not None  # noqa: S101  (just opened; tells the type checker)
        self._file.write(line)
        self._file.flush()

    def _turn_to(self, day: date) -> None:
        if self._day is not None and self._day != day:
            self.close()
            with suppress(FileNotFoundError):
                os.replace(self.path, self._free_name(self._day))
            self._lines = 0

    def _reopen(self) -> None:
        """Open it and learn what is in it: of which day, and how many lines."""
        before = b""
        with suppress(FileNotFoundError), open(self.path, "rb") as file:
            before = file.read()
        self._lines = before.count(b"\n")
        self._day = date.fromtimestamp(os.path.getmtime(self.path)) if before else None
        self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115  (kept open until close)
        if before and not before.endswith(b"\n"):  # the disk was full in the middle of a line
            self._file.write("\n")

    def _free_name(self, day: date) -> str:
        """A name nothing has: a clock that was set back brings a day twice."""
        first = name = f"{self.path}.{day.isoformat()}"
        number = 1
        while os.path.lexists(name):
            number += 1
            name = f"{first}.{number}"
        return name

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(f"{self.path} cannot be written: {error.strerror or error}")


def one_line(text: str) -> str:
    """`text` with everything that does not show, line ends among it, as escapes, and cut to 2000 characters."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:MAX_TEXT])
    return shown[:MAX_TEXT]


def _moment(when: datetime) -> str:
    return when.isoformat(sep=" ", timespec="milliseconds").replace(".", ",")
