"""What the files of a recording are called, and which files are its. Pure but for looking whether a name is taken."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from functools import cached_property

import msgspec

from framebus.core.errors import AddressError, BadFrame
from framebus.core.names import valid_name
from framebus.sinks import placeholders
from framebus.sinks.place import PARTIAL
from framebus.sinks.zarr.tree import size

FOLDERS = (".zarr",)
"""What recordings end in that are folders."""
_WORDS = ("stream", "date", "time")
_NUMBER = r"(?:@(?P<number>[1-9]\d{0,8}))?"


class Found(msgspec.Struct, frozen=True, order=True):
    """A file of the recording, or a folder that is one."""

    modified_ns: int
    number: int
    path: str
    nbytes: int


class Naming:
    """The names written as `text`: `run.h5`, or `recordings/{stream}/{date}/{time}.mp4`.

    `root` is the folder before the first placeholder. A name that is taken, or that another file of the same recording
    has, gets a number: `run@2.h5`. Raises `AddressError`.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.root, self.pattern = placeholders.divided(text)
        self._stem, self._extension = os.path.splitext(self.pattern)
        self.per_stream = "{stream}" in self.pattern
        """True when every stream has files of its own."""
        self.fixed = not {"date", "time"} & set(placeholders.used(self.pattern))
        """True when names do not depend on the time."""
        self._check()

    def path(self, stream: str, captured_ns: int, number: int = 1) -> str:
        """The full path of a file that begins with a frame captured then (named in local time)."""
        if not valid_name(stream):
            raise BadFrame(f"stream name {stream[:80]!r} cannot be part of a file name: name the stream")
        stem = placeholders.filled(self._stem, {"stream": stream, **placeholders.moment(captured_ns)})
        return os.path.join(self.root, f"{stem}{'' if number == 1 else f'@{number}'}{self._extension}")

    def free(self, stream: str, captured_ns: int) -> str:
        """The first of those paths that nothing has."""
        number = 1
        while os.path.lexists(path := self.path(stream, captured_ns, number)):
            number += 1
        return path

    def files(self, stream: str | None = None) -> list[Found]:
        """The files there are, the oldest first; of one stream where names tell it."""
        return sorted(self._found(stream))

    def partial(self) -> list[str]:
        """What a recorder that was killed, or one that is just beginning, has there under partial names."""
        return [path for path, name in self._walk() if name[:1] == "." and self._matches(path, name)]

    def _matches(self, path: str, name: str) -> bool:
        whole = name[1:].removesuffix(PARTIAL)
        return name.endswith(PARTIAL) and self._match(os.path.join(os.path.dirname(path), whole)) is not None

    def _found(self, stream: str | None) -> Iterator[Found]:
        for path, _ in self._walk():
            match = self._match(path)
            if match is None or (self.per_stream and stream is not None and match["stream"] != stream):
                continue
            if (entry := _entry(path, int(match["number"] or 1))) is not None:
                yield entry

    def _walk(self) -> Iterator[tuple[str, str]]:
        for folder, folders, names in os.walk(self.root):
            found = [name for name in folders if name.removesuffix(PARTIAL).endswith(FOLDERS)]
            folders[:] = [name for name in folders if name not in found and "/" in self.pattern]
            yield from ((os.path.join(folder, name), name) for name in (*names, *found))

    def _match(self, path: str) -> re.Match[str] | None:
        return self._regex.fullmatch(os.path.relpath(path, self.root).replace(os.sep, "/"))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(placeholders.regex(self._stem) + _NUMBER + re.escape(self._extension), re.ASCII)

    def _check(self) -> None:
        for word in placeholders.used(self.pattern):
            placeholders.check_known(self.text, word, _WORDS)
            if word not in _WORDS:
                raise AddressError(f"{self.text}: a recording is one file for many frames: leave {{{word}}} out")
        if placeholders.stray_brace(self.pattern) or "{" in self._extension:
            raise AddressError(
                f"{self.text}: a brace too many: placeholders are written {{stream}}, {{date}}, {{time}}"
            )
        placeholders.check_folders(self.text, self.pattern)


def _entry(path: str, number: int) -> Found | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    nbytes = size(path) if stat.S_ISDIR(status.st_mode) else status.st_size
    return Found(status.st_mtime_ns, number, path, nbytes)
