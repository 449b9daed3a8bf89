"""Which files a folder or glob means, in the order people count: `img2` before `img10`."""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections import Counter
from itertools import islice

from framebus.core.errors import Unavailable

MOST = 10_000
"""How many files in further folders are looked at, to say what is there."""
_DIGITS = re.compile(r"([0-9]+)")


def natural(path: str) -> tuple[list[str | int], str]:
    """A key for sorting that takes runs of digits as numbers and ignores case."""
    parts = _DIGITS.split(path)
    return [int(part) if index % 2 else part.casefold() for index, part in enumerate(parts)], path


def files(place: str, extensions: frozenset[str]) -> list[str]:
    """The files of these lower-case extensions that `place` means, sorted naturally.

    `place` is a file, a folder (its own files, not those of folders in it) or a glob (`**` goes into folders). Hidden
    files are left out, so files being written are. A file named directly is taken whatever its extension. Raises
    `Unavailable` when there is none, saying what was there instead.
    """
    if os.path.isfile(place):
        return [place]
    found = _in_folder(place) if os.path.isdir(place) else _by_glob(place)
    chosen = [path for path in found if _extension(path) in extensions]
    if not chosen:
        inside = "" if found else _below(place)
        raise Unavailable(
            inside or f"{place} holds no images ({_others(found)}): known are {', '.join(sorted(extensions))}"
        )
    return sorted(chosen, key=natural)


def _in_folder(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [
                os.path.join(folder, entry.name)
                for entry in entries
                if not entry.name.startswith(".") and entry.is_file()
            ]
    except OSError as error:
        raise Unavailable(f"folder {folder} cannot be read: {error.strerror or error}") from error


def _below(folder: str) -> str:
    """What the folders in `folder` hold, and how to name that; empty where they hold nothing."""
    walked = os.walk(folder) if os.path.isdir(folder) else ()
    paths = (os.path.join(where, name) for where, _, names in walked for name in names if not name.startswith("."))
    kinds = Counter(_extension(path) for path in islice(paths, MOST) if _extension(path))
    if not kinds:
        return ""
    shown = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(3))
    pattern = shlex.quote(os.path.join(folder, "**", f"*.{kinds.most_common(1)[0][0]}"))
    return f"{folder} holds no images itself, but the folders in it do hold files ({shown}): framebus info {pattern}"


def _by_glob(pattern: str) -> list[str]:
    found = [path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path)]
    if not found:
        what = "matches no file" if "*" in pattern else "no such file or folder"
        raise Unavailable(f"{pattern}: {what} (looked in {os.getcwd()})")
    return found


def _extension(path: str) -> str:
    return os.path.splitext(path)[1][1:].lower()


def _others(found: list[str]) -> str:
    if not found:
        return "it is empty"
    kinds = sorted({_extension(path) or "without extension" for path in found})
    more = ", …" if len(kinds) > 6 else ""
    return f"{len(found)} other files: {', '.join(kinds[:6])}{more}"
