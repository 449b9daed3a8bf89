"""The secret in the page's link: made once for a user, so that bookmarks outlive a restart."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from framebus.core import state
from framebus.core.errors import OptionError, Unavailable
from framebus.core.whole import whole
from framebus.sinks.place import NEW_FILE

_FILE = "web-token"
_FORM = re.compile(r"[A-Za-z0-9_-]{16,128}")


def checked(token: str) -> str:
    """A token somebody chose; raises `OptionError` for one that is short or cannot stand in a link."""
    if not _FORM.fullmatch(token):
        raise OptionError("a token has 16 to 128 letters, digits, - and _: leave it out to have one made")
    return token


def lasting(environ: Mapping[str, str] | None = None, *, role: str = "") -> str:
    """This user's token, from a file nobody else can read, made where it is missing. Raises `Unavailable`.

    `role`: the one for those who may less.
    """
    name = f"{_FILE}-{role}" if role else _FILE
    path = state.folder(environ) / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.read_bytes().decode("ascii", "replace").strip() if path.exists() else ""
        if _FORM.fullmatch(found) and not path.stat().st_mode & 0o077:
            return found
        return _made(path)
    except OSError as error:
        raise Unavailable(f"the page's token cannot be kept in {path}: {error}") from error


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(18)
    partial = f"{path}.{secrets.token_hex(4)}"
    with whole(path, partial), open(os.open(partial, NEW_FILE, 0o600), "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token
