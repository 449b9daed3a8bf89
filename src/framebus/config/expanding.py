"""`${NAME}` in the texts of a file: from the environment, then from the credentials that systemd hands to a service."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import quote

from framebus.config.toml_lines import Path

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
_USER_INFO = re.compile(r"://((?:\$\{[^{}]*\}|[^/?#@\s$])*)@")
"""User and password in an address, with names in them."""
_AS_TYPED = "%:!$&'()*+,;="
"""What stays in a user or password; that of a value which is encoded already, too."""
_SHORTEST = 4
"""A value shorter than that is no secret, and hiding it would hide much else."""


class Expanding:
    """Replaces names by their values, and values by their names again where people read them."""

    def __init__(self, lookup: Callable[[str], str | None]) -> None:
        self._lookup = lookup
        self._found: dict[str, str] = {}
        self.missing: list[tuple[Path, str]] = []
        """Names nobody has given a value, and where they stand."""

    def expanded(self, value: Any, path: Path = ()) -> Any:
        """`value` with the names replaced in all its texts (not in keys)."""
        if isinstance(value, str):
            logins = [found.span(1) for found in _USER_INFO.finditer(value)]
            return _NAME.sub(lambda found: self._written(found, path, logins), value)
        if isinstance(value, Mapping):
            return {key: self.expanded(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.expanded(inner, (*path, number)) for number, inner in enumerate(value)]
        return value

    def hide(self, text: str) -> str:
        """`text` with the names instead of their values: it may be a password."""
        for value, name in sorted(self._found.items(), key=lambda pair: -len(pair[0])):
            if len(value) >= _SHORTEST:
                text = text.replace(value, f"${{{name}}}")
        return text

    def _written(self, found: re.Match[str], path: Path, logins: list[tuple[int, int]]) -> str:
        """The value; within a login, as it has to be written in an address."""
        value = self._value(found[1], path)
        if value == found[0] or not any(begin <= found.start() < end for begin, end in logins):
            return value
        written = quote(value, safe=_AS_TYPED)
        self._found[written] = found[1]
        return written

    def _value(self, name: str, path: Path) -> str:
        value = self._lookup(name)
        if value is None:
            self.missing.append((path, name))
            return f"${{{name}}}"
        self._found[value] = name
        return value


def environment_and_credentials(environ: Mapping[str, str] = os.environ) -> Callable[[str], str | None]:
    """A variable, else the file of that name in `$CREDENTIALS_DIRECTORY`, without its last newline."""

    def lookup(name: str) -> str | None:
        if name in environ:
            return environ[name]
        folder = environ.get("CREDENTIALS_DIRECTORY", "")
        try:
            return (FilePath(folder) / name).read_text().rstrip("\r\n") if folder else None
        except (OSError, UnicodeDecodeError):
            return None

    return lookup
