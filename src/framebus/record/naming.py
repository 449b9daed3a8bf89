"""What the files of a recording are called, and which files are its. Pure but for looking whether a name is taken."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from functools import cached_property

import msgspec

from framebus.core.addresses import PLACEHOLDERS
from framebus.core.errors import AddressError, BadFrame
from framebus.core.names import valid_name
from framebus.core.options import nearest
from framebus.sinks.place import PARTIAL

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_LOOKS = {
    "stream": r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d-\d\d-\d\d",
}
_NUMBER = r"(?:@(?P<number>[1-9]\d{0,8}))?"


class Found(msgspec.Struct, frozen=True, order=True):
    """A file of the recording."""

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
        self.root, self.pattern = _divided(text)
        self._stem, self._extension = os.path.splitext(self.pattern)
        self._check()

    @property
    def per_stream(self) -> bool:
        """True when every stream has files of its own."""
        return "{stream}" in self.pattern

    @property
    def fixed(self) -> bool:
        """True when names do not depend on the time."""
        return not {"date", "time"} & set(_IN_BRACES.findall(self.pattern))

    def path(self, stream: str, captured_ns: int, number: int = 1) -> str:
        """The full path of a file that begins with a frame captured then (named in local time)."""
        if not valid_name(stream):
            raise BadFrame(f"stream name {stream[:80]!r} cannot be part of a file name: name the stream")
        taken = time.localtime(captured_ns // 10**9)
        values = {
            "stream": stream,
            "date": time.strftime("%Y-%m-%d", taken),
            "time": time.strftime("%H-%M-%S", taken),
        }
        stem = _IN_BRACES.sub(lambda found: values[found[1]], self._stem)
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
            if "/" not in self.pattern:
                folders.clear()
            yield from ((os.path.join(folder, name), name) for name in names)

    def _match(self, path: str) -> re.Match[str] | None:
        return self._regex.fullmatch(os.path.relpath(path, self.root).replace(os.sep, "/"))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        seen: set[str] = set()
        text = ""
        for index, part in enumerate(_IN_BRACES.split(self._stem)):
            text += re.escape(part) if index % 2 == 0 else _group(part, seen)
        return re.compile(text + _NUMBER + re.escape(self._extension), re.ASCII)

    def _check(self) -> None:
        words = _IN_BRACES.findall(self.pattern)
        for word in words:
            if word not in PLACEHOLDERS:
                raise AddressError(f"{self.text}: nothing is called {{{word}}}: {nearest(word, list(_LOOKS))}")
            if word not in _LOOKS:
                raise AddressError(f"{self.text}: a recording is one file for many frames: leave {{{word}}} out")
        if set("{}") & set(_IN_BRACES.sub("", self.pattern)) or "{" in self._extension:
            raise AddressError(
                f"{self.text}: a brace too many: placeholders are written {{stream}}, {{date}}, {{time}}"
            )
        if {".", ".."} & set(self.pattern.split("/")):
            raise AddressError(f"{self.text}: '.' and '..' may only come before the first placeholder")


def _divided(text: str) -> tuple[str, str]:
    parts = text.replace(os.sep, "/").split("/")
    first = next((index for index, part in enumerate(parts) if "{" in part or "}" in part), len(parts) - 1)
    root = "/".join(parts[:first]) or ("/" if text.startswith("/") else ".")
    return root, "/".join(part for part in parts[first:] if part)


def _group(word: str, seen: set[str]) -> str:
    if word in seen:
        return f"(?P={word})"
    seen.add(word)
    return f"(?P<{word}>{_LOOKS[word]})"


def _entry(path: str, number: int) -> Found | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Found(status.st_mtime_ns, number, path, status.st_size)
