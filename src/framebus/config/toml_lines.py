"""In which line of a TOML text each key stands. For texts that `tomllib` has read: what is no TOML is not noticed here.

`tomllib` gives values without their places, and no library that is well kept gives both.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress

Path = tuple[str | int, ...]
"""Keys from the top of the document; numbers are places in lists, from 0."""

_BLANK = re.compile(r"(?:[\s]|#[^\n]*)*")
_BLANK_IN_LINE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> Mapping[Path, int]:
    """The line (from 1) in which each key, table and list entry of `text` begins."""
    scanner = _Scanner(text)
    with suppress(IndexError, ValueError):  # better a mistake without its line than no word about it
        scanner.document()
    return scanner.lines


def repeated(text: str) -> tuple[Path, int, int] | None:
    """The first key or table of `text` that is there twice, with the lines of both; None where none is seen."""
    scanner = _Scanner(text)
    with suppress(IndexError, ValueError):
        scanner.document()
    return scanner.repeated


class _Scanner:
    """Goes through the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [found.start() for found in re.finditer(r"\n", text)]
        self.lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        """How many `[[tables]]` there are of each name."""
        self._written: dict[Path, int] = {}
        """What was written itself, rather than something in it."""
        self.repeated: tuple[Path, int, int] | None = None

    def document(self) -> None:
        table: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path of what follows."""
        line, several = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if several else 1
        path = self._placed(self._key())
        self._at += 2 if several else 1
        if several:
            number = self._tables[path] = self._tables.get(path, -1) + 1
            self._note(path, line)
            path = (*path, number)
        self._note(path, line)
        self._write(path, line)
        return path

    def _placed(self, key: tuple[str, ...]) -> Path:
        """The path of a header's key: within the last of the `[[tables]]` on its way."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if number < len(key) - 1 and path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _pair(self, table: Path) -> None:
        """`key = value`."""
        line = self._line()
        path = (*table, *self._key())
        self._at += 1
        self._note(path, line)
        self._write(path, line)
        self._value(path)

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._take(_BLANK_IN_LINE)
            quoted = self._text[self._at] in "\"'"
            raw = self._take(_STRING if quoted else _BARE)
            parts.append(str(tomllib.loads(f"key = {raw}")["key"]) if quoted else raw)
            self._take(_BLANK_IN_LINE)
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _value(self, path: Path) -> None:
        self._take(_BLANK_IN_LINE)
        first = self._text[self._at]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline(path)
        else:
            self._take(_STRING if first in "\"'" else _SCALAR)

    def _list(self, path: Path) -> None:
        self._at += 1
        number = 0
        while self._next() != "]":
            self._note((*path, number), self._line())
            self._value((*path, number))
            number += 1
            if self._next() == ",":
                self._at += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._next() != "}":
            self._pair(path)
            if self._next() == ",":
                self._at += 1
        self._at += 1

    def _next(self) -> str:
        self._skip()
        return self._text[self._at]

    def _skip(self) -> None:
        self._take(_BLANK)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"no TOML in line {self._line()}")
        self._at = found.end()
        return found[0]

    def _line(self) -> int:
        return bisect_right(self._ends, self._at - 1) + 1

    def _note(self, path: Path, line: int) -> None:
        """Remember it for `path` and all above it that were not met before."""
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _write(self, path: Path, line: int) -> None:
        """Remember it, or that it is there a second time."""
        if path not in self._written:
            self._written[path] = line
        elif self.repeated is None:
            self.repeated = path, self._written[path], line
