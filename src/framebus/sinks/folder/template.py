"""File names made from frames: `frames/`, `{stream}/{date}/{time}-{seq}.jpg`."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import Any

from framebus.core.addresses import PLACEHOLDERS
from framebus.core.errors import AddressError, BadFrame
from framebus.core.frame import Frame
from framebus.core.names import to_name, valid_name
from framebus.sinks import placeholders

EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff")
FALLBACK = "tif"
"""What a frame is written as where a PNG cannot hold it."""


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
        self.root, self.pattern = placeholders.divided(text)
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
        values = {
            "stream": frame.stream,
            "name": _source_name(frame),
            "seq": f"{number:08d}",
            **placeholders.moment(frame.captured_ns),
        }
        return placeholders.filled(self.pattern, values)

    def match(self, path: str) -> tuple[str, int] | None:
        """The stream (empty where names do not tell) and number in a path below `root`; None for other files."""
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        return (found["stream"] if self.per_stream else ""), int(found["seq"])

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        stem = os.path.splitext(self.pattern)[0]
        return re.compile(rf"{placeholders.regex(stem)}\.({re.escape(self.extension)}|{FALLBACK})", re.ASCII)

    def _check(self) -> None:
        if not _is_text(self.pattern):
            raise AddressError(f"{self.text!r}: files cannot be called so, for it is no text: choose another name")
        for word in placeholders.used(self.pattern):
            placeholders.check_known(self.text, word, PLACEHOLDERS)
        if placeholders.stray_brace(self.pattern):
            raise AddressError(f"{self.text}: a brace too many: placeholders are written {{stream}}, {{seq}}")
        if self.extension not in EXTENSIONS:
            raise AddressError(f"{self.text}: image files end in {', '.join('.' + known for known in EXTENSIONS)}")
        if "{seq}" not in os.path.basename(self.pattern):
            stem, extension = os.path.splitext(self.text)
            raise AddressError(f"{self.text} is one name for many frames: number them, {stem}-{{seq}}{extension}")
        placeholders.check_folders(self.text, self.pattern)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # what stands for bytes that are no text
        return False
    return True


def _source_name(frame: Frame) -> str:
    path: Any = frame.meta.get("path")
    if not isinstance(path, str):
        return frame.stream
    return to_name(os.path.splitext(os.path.basename(path.replace("\\", "/")))[0], frame.stream)
