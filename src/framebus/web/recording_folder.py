"""The folder of recordings: which files are in it, and opening one of them. Nothing outside of it can be named.

What comes from outside is never part of a path: it is looked up among the names that were found in the folder. Links
are not followed, neither to files nor to folders.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple

from framebus.core.errors import Unavailable
from framebus.sinks.place import saying

MOST_FILES = 5000
DEEPEST = 4
WHOLE = ".zarr"
"""What folders end in that are one recording each."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SEPARATOR = ":"
"""Between folders in the names of recordings."""


class Found(NamedTuple):
    """A file in the folder."""

    name: str
    """What it is called outside: `yard.mp4`, or `2026-01-31:yard.mp4` in a folder below."""
    parts: tuple[str, ...]
    """Folders and file, from the root."""
    nbytes: int | None
    """None of a recording that is a folder of files itself."""
    modified_ns: int

    @property
    def extension(self) -> str:
        """In small letters, without the dot."""
        return os.path.splitext(self.parts[-1])[1].lower().removeprefix(".")


class Folder:
    """Made if it is missing. Thread-safe. Raises `Unavailable` where it cannot be made or read."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._listed: dict[str, Found] = {}
        """What was found the last time the folder was looked through."""
        with saying(root):
            os.makedirs(self.root, exist_ok=True)
            os.close(os.open(self.root, _FOLDER))

    def files(self) -> list[Found]:
        """What is in it and below, the newest first; hidden files, and those that are being made, are left out."""
        found: dict[str, Found] = {}
        for file in self._walk(self.root, ()):
            found.setdefault(file.name, file)
            if len(found) >= MOST_FILES:
                break
        self._listed = found
        return sorted(found.values(), key=lambda file: file.modified_ns, reverse=True)

    def find(self, name: str) -> Found | None:
        """The file of that name, if it is one that `files` lists. Looks through the folder for new names only."""
        return self._again(name) or next((file for file in self.files() if file.name == name), None)

    def open(self, file: Found) -> BinaryIO:
        """To be read. Raises `Unavailable` where it is gone, or is no file any more."""
        with _as_unavailable(file):
            folder = self._entered(file.parts[:-1])
            try:
                descriptor = os.open(file.parts[-1], _FILE, dir_fd=folder)
            finally:
                os.close(folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Unavailable(f"{file.name} is no file any more")
        return os.fdopen(descriptor, "rb")

    def path(self, file: Found) -> str:
        """Its path, once it was seen to be in here."""
        if file.nbytes is None:
            with _as_unavailable(file):
                os.close(self._entered(file.parts))
        else:
            self.open(file).close()
        return os.path.join(self.root, *file.parts)

    def _again(self, name: str) -> Found | None:
        """The file of that name as it is now, where it was listed before and is still there."""
        file = self._listed.get(name)
        if file is None:
            return None
        try:
            folder = self._entered(file.parts[:-1])
            try:
                status = os.stat(file.parts[-1], dir_fd=folder, follow_symlinks=False)
            finally:
                os.close(folder)
        except OSError:
            return None
        same = stat.S_ISDIR if file.nbytes is None else stat.S_ISREG
        return _told(file.parts, status) if same(status.st_mode) else None

    def _entered(self, parts: tuple[str, ...]) -> int:
        """A descriptor of that folder below the root."""
        folder = os.open(self.root, _FOLDER)
        for part in parts:
            try:
                inner = os.open(part, _FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder

    def _walk(self, folder: str, parts: tuple[str, ...]) -> Iterator[Found]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
        except OSError:  # removed meanwhile, or not ours to read
            return
        for entry in entries:
            if entry.name.startswith(".") or not _speakable(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) and entry.name.endswith(WHOLE):
                yield from _found(entry, parts)
            elif entry.is_dir(follow_symlinks=False) and len(parts) < DEEPEST:
                yield from self._walk(entry.path, (*parts, entry.name))
            elif entry.is_file(follow_symlinks=False):
                yield from _found(entry, parts)


@contextmanager
def _as_unavailable(file: Found) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the recording {file.name} cannot be read any more: {error.strerror}") from error


def _found(entry: os.DirEntry[str], parts: tuple[str, ...]) -> Iterator[Found]:
    with suppress(OSError):  # removed meanwhile
        yield _told((*parts, entry.name), entry.stat(follow_symlinks=False))


def _told(parts: tuple[str, ...], status: os.stat_result) -> Found:
    nbytes = status.st_size if stat.S_ISREG(status.st_mode) else None
    return Found(SEPARATOR.join(parts), parts, nbytes, status.st_mtime_ns)


def _speakable(name: str) -> bool:
    """Whether it can stand in an address: bytes that are no text cannot, nor what ends lines."""
    return name.isprintable()
