"""Which files a folder or glob means, in the order people count: `img2` before `img10`."""

from __future__ import annotations

import glob
import os
import re

from framebus.core.errors import Unavailable

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
        raise Unavailable(f"{place} holds no images ({_others(found)}): known are {', '.join(sorted(extensions))}")
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
