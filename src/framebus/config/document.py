"""The description of a system as it was written: a TOML file, or the same as a dict."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from framebus.config.expanding import Expanding, environment_and_credentials
from framebus.config.toml_lines import Path, lines_of, repeated
from framebus.core.errors import OptionError, Unavailable
from framebus.core.names import suggestion
from framebus.core.redaction import redact

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

_TWICE = re.compile("overwrite|declare|[Dd]uplicate")


class Document:
    """Values with their places. `mistakes` fills while it is checked."""

    def __init__(self, values: Mapping[str, Any], folder: str, file: str = "", lines: Mapping[Path, int] | None = None):
        self.folder = folder
        """Where relative file names begin."""
        self.file = file
        """How it was called; empty for a dict."""
        self._lines = lines
        self._mistakes: dict[str, int] = {}
        self._expanding = Expanding(environment_and_credentials() if file else lambda name: None)
        self.values: Mapping[str, Any] = self._expanding.expanded(values) if file else values
        self._refuse_missing()

    def refuse(self, path: Path, text: str) -> None:
        """Note what is wrong with what stands at `path`, as a sentence that begins with its name."""
        line = self.line(path)
        where = f"{self.file}, line {line}: " if line else f"{self.file}: " if self.file else ""
        self._mistakes.setdefault(where + " ".join(filter(None, [_dotted(path) or "the system", text])), line)

    def line(self, path: Path) -> int:
        """Where it stands, or the nearest above it; 0 where there are no lines."""
        lines = self._lines or {}
        return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 0)

    def hide(self, text: str) -> str:
        """`text` without what came from the environment or the credentials."""
        return self._expanding.hide(text)

    def _refuse_missing(self) -> None:
        """Each name once, with all that needs it: one password may be that of sixty cameras."""
        needed: dict[str, list[Path]] = {}
        for path, name in self._expanding.missing:
            needed.setdefault(name, []).append(path)
        for name, (first, *others) in needed.items():
            more = ", ".join(dict.fromkeys(_dotted(path) for path in others if path != first))
            text = f"needs ${{{name}}}, which is neither in the environment nor among the credentials"
            self.refuse(first, f"{text}; so do {more}" if more else text)

    def raise_mistakes(self) -> None:
        """Raise `OptionError` with all that was refused, in the order of the lines."""
        if not self._mistakes:
            return
        told = [redact(self.hide(text)) for text in sorted(self._mistakes, key=lambda text: self._mistakes[text])]
        if len(told) > 1:
            told.insert(0, f"{self.file or 'the system'} has {len(told)} mistakes:")
        raise OptionError("\n  ".join(told))


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path if isinstance(part, str))


def load(path: str | os.PathLike[str], called: str = "") -> Document:
    """The file at `path`, in errors as `called`.

    Raises `Unavailable` where it cannot be read, `OptionError` with the line that is no TOML.
    """
    file = called or os.fspath(path)
    text = _text(os.fspath(path), file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OptionError(_broken(file, text, str(error))) from error
    return Document(values, os.path.dirname(os.path.abspath(path)), file, lines_of(text))


def _text(path: str, file: str) -> str:
    try:
        with open(path, encoding="utf-8-sig", newline="") as opened:
            return opened.read().replace("\r\n", "\n")
    except OSError as error:
        raise Unavailable(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{file} is not text in UTF-8: {error.reason} at byte {error.start}") from error


def _broken(file: str, text: str, said: str) -> str:
    if _TWICE.search(said) and (twice := repeated(text)):
        path, first, second = twice
        return (
            f"{file}, line {second}: {_dotted(path)} is there already, in line {first}: keep one, or rename the other"
        )
    found = _PLACE.search(said)
    line = int(found[1]) if found is not None and found[1] else text.count("\n") + 1
    what = _PLACE.sub("", said)
    return f"{file}, line {line}: this is no TOML: {what[:1].lower()}{what[1:]}{_hint(what, text, line)}"


def _hint(what: str, text: str, line: int) -> str:
    if what == "Invalid value":
        return '; texts stand in quotes, as in gate = "camera:0"'
    key = text.split("\n")[line - 1].partition("=")[0].strip()
    return (
        f"; names have neither blanks nor umlauts{suggestion(key)}"
        if what.startswith("Expected '=' after a key") and key
        else ""
    )
