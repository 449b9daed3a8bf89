"""Pictures in the folders of a folder, which are not read with it: nobody should have to find that out."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Collection
from contextlib import suppress

from framebus.core.errors import Unavailable

MOST = 10_000
"""As many entries are looked at."""

log = logging.getLogger("framebus")


def left_out(folder: str, extensions: Collection[str]) -> str:
    """Where there are pictures that reading `folder` leaves out, and what reads them too; else empty."""
    left = MOST
    waiting = deque([folder])
    while waiting and left > 0:
        here = waiting.popleft()
        entries = _entries(here, left)
        left -= len(entries)
        waiting.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        found = {end for entry in entries if (end := _extension(entry)).lower() in extensions}
        if here != folder and found:
            every = f"*.{found.pop()}" if len(found) == 1 else "*"
            all_of_them = os.path.join(folder, "**", every)
            return f"pictures in folders below it ({here}) are left out: {all_of_them!r} reads all"
    return ""


def say(folder: str, extensions: Collection[str]) -> None:
    """Log what is left out."""
    if text := left_out(folder, extensions):
        log.warning("%s: %s", folder, text)


def explained(error: Unavailable, folder: str, extensions: Collection[str]) -> Unavailable:
    """The error of a folder without pictures of its own, with what is left out."""
    text = left_out(folder, extensions)
    return Unavailable(f"{error}; {text}") if text else error


def _extension(entry: os.DirEntry[str]) -> str:
    return os.path.splitext(entry.name)[1][1:] if entry.is_file() else ""


def _entries(folder: str, most: int) -> list[os.DirEntry[str]]:
    """Those that are not hidden, up to `most`; none where it cannot be read."""
    found: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                found.append(entry)
            if len(found) == most:
                break
    return sorted(found, key=lambda entry: entry.name)
