"""What the files that a job makes are called: after what they are made of, below the output folder."""

from __future__ import annotations

import os
import re

from framebus.batch.stores.urls import is_folder, is_url
from framebus.core.errors import AddressError, OptionError
from framebus.core.options import nearest

FORMATS = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "jpeg"),
    **dict.fromkeys(("tif", "tiff"), "tiff"),
    "png": "png",
    "webp": "webp",
    "bmp": "bmp",
    "gif": "gif",
}
"""What can be written, by extension."""

EXTENSIONS = {"jpeg": "jpg", "tiff": "tif", "png": "png", "webp": "webp", "bmp": "bmp", "gif": "gif"}
"""The formats that can be asked for, and the extension each gets."""

PLACEHOLDERS = ("folder", "name", "ext")
MIRRORED = "{folder}/{name}.{ext}"
OTHERWISE = "png"
"""The extension of what is made of files whose own cannot be written: it loses nothing."""

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_DIGITS = 8
_BEFORE_BUCKET = 2


class Naming:
    """The names of one output.

    place    a folder, `small/`, in which files are called as their inputs are and lie as they do; or a template such
             as `small/{folder}/{name}-small.webp`. `{folder}` is the folder of an input below that of all inputs,
             `{name}` its name without extension, `{ext}` the extension.
    format   what to write (`jpeg`, `png`, `tiff`, `webp`, `bmp`, `gif`); empty: as the input is, by its name, or as
             the template says

    `root` is the folder that all of them are in. Raises `AddressError` and `OptionError`.
    """

    def __init__(self, place: str, format: str = "") -> None:
        if format and format not in EXTENSIONS:
            raise OptionError(f"format={format!r} is not possible: give one of {', '.join(EXTENSIONS)}")
        self.place = place
        self.root, self.pattern = _divided(place)
        self.format = format
        self._check()

    def name(self, inner: str) -> str:
        """The path below `root` of what is made of the input at `inner`, a path below that of all inputs."""
        folder, _, base = inner.rpartition("/")
        stem, _, extension = base.rpartition(".")
        if not stem:
            stem, extension = base, ""
        text = self.pattern.format(folder=folder, name=stem, ext=self._extension(extension.lower(), extension))
        return text if folder else text.replace("//", "/").lstrip("/")

    def _extension(self, lower: str, as_is: str) -> str:
        if self.format:
            return as_is if FORMATS.get(lower) == self.format else EXTENSIONS[self.format]
        return as_is if lower in FORMATS else OTHERWISE

    def _check(self) -> None:
        for word in _IN_BRACES.findall(self.pattern):
            if word not in PLACEHOLDERS:
                raise AddressError(f"{self.place}: nothing is called {{{word}}}: {nearest(word, PLACEHOLDERS)}")
        if set("{}") & set(_IN_BRACES.sub("", self.pattern)):
            raise AddressError(f"{self.place}: a brace too many: placeholders are written {{name}}, {{folder}}")
        if {".", ".."} & set(self.pattern.split("/")):
            raise AddressError(f"{self.place}: '.' and '..' may only come before the first placeholder")
        if "{name}" not in self.pattern:
            raise AddressError(f"{self.place} is one name for many files: put {{name}} into it")
        self._check_extension()

    def _check_extension(self) -> None:
        extension = os.path.splitext(self.pattern)[1][1:]
        if extension == "{ext}":
            return
        written = FORMATS.get(extension.lower())
        if written is None:
            known = ", ".join(f".{known}" for known in FORMATS)
            raise AddressError(f"{self.place}: pictures are written as {known}, or .{{ext}} for as they are read")
        if self.format and self.format != written:
            raise OptionError(f"format={self.format} does not fit {self.place}: say one of the two")


def format_of(name: str) -> str:
    """What is written into a file called `name` by a `Naming`."""
    return FORMATS[name.rpartition(".")[2].lower()]


def numbered(name: str, number: int) -> str:
    """The name of one of several pictures made of one file: `clip-00000007.png`."""
    stem, dot, extension = name.rpartition(".")
    return f"{stem}-{number:0{_DIGITS}d}{dot}{extension}"


def _divided(place: str) -> tuple[str, str]:
    """The folder before the first placeholder, and the rest; a folder alone is mirrored."""
    if "{" not in place and "}" not in place:
        _check_folder(place)
        return place.rstrip("/") or "/", MIRRORED
    parts = place.split("/")
    first = next(index for index, part in enumerate(parts) if "{" in part or "}" in part)
    root = "/".join(parts[:first]) or ("/" if place.startswith("/") else ".")
    if is_url(place) and first <= _BEFORE_BUCKET:
        raise AddressError(f"{place}: the bucket comes before the first placeholder")
    pattern = "/".join(part for part in parts[first:] if part)
    return root, pattern if os.path.splitext(pattern)[1] else f"{pattern}.{{ext}}"


def _check_folder(place: str) -> None:
    if not place:
        raise AddressError("the output is empty: name a folder, such as small/")
    extension = os.path.splitext(place)[1][1:].lower()
    if is_url(place) and not place.partition("://")[2].strip("/"):
        raise AddressError(f"{place}: which bucket, or which folder? for instance {place.rstrip('/')}//bucket/small")
    if extension in FORMATS and not (place.endswith("/") or is_folder(place)):
        raise AddressError(
            f"{place} is one name for many files: give a folder ({place}/) or a template ({{name}}-small.{extension})"
        )
