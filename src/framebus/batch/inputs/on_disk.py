"""One place that people name: a folder, a glob, a file, or a list of places in a text file or from standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator

from framebus.batch.stores.urls import is_folder, parent
from framebus.core.errors import OptionError, Unavailable

LISTS = (".txt", ".lst")
"""The extensions of files that hold paths, one for each line; separated by zero bytes where there is one."""
STDIN = "-"

_CHUNK = 1 << 20


class Place:
    """A place as it was named; `paths` gives what it stands for."""

    def __init__(self, text: str) -> None:
        if not text or "\0" in text:
            raise OptionError(f"the input {text!r} is no path: name a folder, a file or a glob")
        self.text = text
        self._stdin: bytes | None = None

    def paths(self) -> Iterator[str]:
        """Files and folders, in order: the place itself, what matches, or what is listed."""
        if self.text == STDIN:
            yield from split(iter([self._standard_input()]))
        elif self.is_list:
            yield from split(_chunks(self.text))
        elif self.is_glob:
            yield from sorted(glob.iglob(self.text, recursive=True))
        else:
            yield self.text

    @property
    def is_list(self) -> bool:
        """True for a text file of paths."""
        return self.text.lower().endswith(LISTS) and os.path.isfile(self.text)

    @property
    def is_glob(self) -> bool:
        """True where it is no name of anything, but a pattern."""
        return glob.has_magic(self.text) and not os.path.lexists(self.text)

    def folders(self) -> Iterator[str]:
        """Folders below which all of it is: nothing is looked for twice."""
        if self.is_glob:
            yield before_magic(self.text)
        else:
            for path in self.paths():
                yield path if is_folder(path) else parent(path)

    def check(self) -> None:
        """Raise `Unavailable` where there is nothing of that name, or no match."""
        if self.text == STDIN or os.path.lexists(self.text):
            return
        if not glob.has_magic(self.text):
            raise Unavailable(f"{self.text}: no such file or folder (looked in {os.getcwd()})")
        if next(glob.iglob(self.text, recursive=True), None) is None:
            raise Unavailable(f"{self.text}: matches nothing (looked in {os.getcwd()})")

    def _standard_input(self) -> bytes:
        if self._stdin is None:
            self._stdin = sys.stdin.buffer.read()
        return self._stdin


def before_magic(pattern: str) -> str:
    """The folder that all matches are below: what comes before the first part with a wildcard."""
    parts = pattern.split("/")
    plain = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return "/".join(parts[:plain]) or ("/" if pattern.startswith("/") else "")


def _chunks(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error


def split(chunks: Iterator[bytes]) -> Iterator[str]:
    """Paths, by zero bytes where the first chunk has one, else by lines; empty ones are left out."""
    rest, separator = b"", b""
    for chunk in chunks:
        separator = separator or (b"\0" if b"\0" in chunk else b"\n")
        *whole, rest = (rest + chunk).split(separator)
        yield from (path for part in whole if (path := _path(part, separator)))
    if path := _path(rest, separator):
        yield path


def _path(part: bytes, separator: bytes) -> str:
    return os.fsdecode(part.rstrip(b"\r") if separator == b"\n" else part)
