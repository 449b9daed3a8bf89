"""The secret in the page's link: made once for a user, so that bookmarks outlive a restart."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from framebus.core.errors import OptionError, Unavailable

_FILE = "web-token"
_FORM = re.compile(r"[A-Za-z0-9_-]{16,128}")


def checked(token: str) -> str:
    """A token somebody chose; raises `OptionError` for one that is short or cannot stand in a link."""
    if not _FORM.fullmatch(token):
        raise OptionError("a token has 16 to 128 letters, digits, - and _: leave it out to have one made")
    return token


def lasting(environ: Mapping[str, str] | None = None) -> str:
    """This user's token, from a file nobody else can read, made where it is missing. Raises `Unavailable`."""
    path = _folder(os.environ if environ is None else environ) / _FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.read_text("ascii").strip() if path.exists() else ""
        if _FORM.fullmatch(found) and not path.stat().st_mode & 0o077:
            return found
        return _made(path)
    except OSError as error:
        raise Unavailable(f"the page's token cannot be kept in {path}: {error}") from error


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(18)
    partial = path.with_name(f"{_FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
    partial.replace(path)
    return token


def _folder(environ: Mapping[str, str]) -> Path:
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(state) / "framebus"
