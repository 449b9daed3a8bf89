"""Where this user's state is: what outlives a restart, and is of no use on another machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def folder(environ: Mapping[str, str] | None = None) -> Path:
    """`framebus` in the user's directory for state (XDG base directories); not made yet."""
    named = (os.environ if environ is None else environ).get("XDG_STATE_HOME")
    return Path(named or os.path.join(os.path.expanduser("~"), ".local", "state")) / "framebus"
