"""File names made from frames: `frames/`, `{stream}/{date}/{time}-{seq}.jpg`."""

from __future__ import annotations

import os
import re
import time
from functools import cached_property
from typing import Any

from framebus.core.addresses import PLACEHOLDERS
from framebus.core.errors import AddressError, BadFrame
from framebus.core.frame import Frame
from framebus.core.names import to_name, valid_name
from framebus.core.options import nearest

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff")
FALLBACK = "tif"
"""What a frame is written as where a PNG cannot hold it."""

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LOOKS = {
    "stream": _NAME,
    "name": _NAME,
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d-\d\d-\d\d",
    "seq": r"\d{8,}",
}


class Template:
    """What the files of an image sink are called.

    `root` is the folder that all of them are in: the part before the first placeholder. `pattern` is the rest, with
    `/` between folders. `text` without a file name (`frames/`) means `{stream}-{seq}` and `extension`. Placeholders:
    `{stream}`, `{seq}` (the file's number, at least 8 digits, required), `{date}` and `{time}` of capture (local),
    `{name}` (of the file a frame came from, else the stream). Raises `AddressError`.
    """

    def __init__(self, text: str, extension: str = "png") -> None:
        if text.endswith(("/", os.sep)) or os.path.isdir(text):
            text = os.path.join(text, f"{{stream}}-{{seq}}.{extension}")
        self.text = text
        self.root, self.pattern = _divided(text)
        self.extension = os.path.splitext(self.pattern)[1][1:].lower()
        self._check()

    @property
    def per_stream(self) -> bool:
        """True when every stream has names, and so numbers, of its own."""
        return "{stream}" in self.pattern

    @property
    def deep(self) -> bool:
        """True when files are in folders below `root`."""
        return "/" in self.pattern

    def fill(self, frame: Frame, number: int) -> str:
        """The path of a frame below `root`, with the template's own extension.

        Raises `BadFrame` for a stream whose name could lead elsewhere.
        """
        if not valid_name(frame.stream):
            raise BadFrame(f"stream name {frame.stream[:80]!r} cannot be part of a file name: name the stream")
        taken = time.localtime(frame.captured_ns // 10**9)
        values = {
            "stream": frame.stream,
            "name": _source_name(frame),
            "date": time.strftime("%Y-%m-%d", taken),
            "time": time.strftime("%H-%M-%S", taken),
            "seq": f"{number:08d}",
        }
        return _IN_BRACES.sub(lambda found: values[found[1]], self.pattern)

    def match(self, path: str) -> tuple[str, int] | None:
        """The stream (empty where names do not tell) and number in a path below `root`; None for other files."""
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        return (found["stream"] if self.per_stream else ""), int(found["seq"])

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        stem = os.path.splitext(self.pattern)[0]
        parts = _IN_BRACES.split(stem)
        seen: set[str] = set()
        text = ""
        for index, part in enumerate(parts):
            text += re.escape(part) if index % 2 == 0 else _group(part, seen)
        return re.compile(rf"{text}\.({re.escape(self.extension)}|{FALLBACK})", re.ASCII)

    def _check(self) -> None:
        for word in _IN_BRACES.findall(self.pattern):
            if word not in PLACEHOLDERS:
                raise AddressError(f"{self.text}: nothing is called {{{word}}}: {nearest(word, PLACEHOLDERS)}")
        if set("{}") & set(_IN_BRACES.sub("", self.pattern)):
            raise AddressError(f"{self.text}: a brace too many: placeholders are written {{stream}}, {{seq}}")
        if self.extension not in EXTENSIONS:
            raise AddressError(f"{self.text}: image files end in {', '.join('.' + known for known in EXTENSIONS)}")
        if "{seq}" not in os.path.basename(self.pattern):
            stem, extension = os.path.splitext(self.text)
            raise AddressError(f"{self.text} is one name for many frames: number them, {stem}-{{seq}}{extension}")
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


def _source_name(frame: Frame) -> str:
    path: Any = frame.meta.get("path")
    if not isinstance(path, str):
        return frame.stream
    return to_name(os.path.splitext(os.path.basename(path.replace("\\", "/")))[0], frame.stream)
