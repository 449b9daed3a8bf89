"""All files below a folder, folder by folder, each folder once however many links lead to it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from framebus.batch.stores.urls import absolute, is_url
from framebus.batch.stores.walking import Found

Folder = tuple[int, int] | str
"""Device and number of a folder, whatever path leads to it; of one in a store, its URL."""


def identity(folder: str) -> Folder | None:
    """Which folder that is; None where there is none."""
    if is_url(folder):
        return absolute(folder)
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def walk(folder: str, seen: set[Folder]) -> Iterator[Found]:
    """Files, links to files included, sorted within each folder, before those of the folders in it.

    What begins with a dot is left out, and so are the folders in `seen`, to which all that were walked are added: a
    link that leads back is not followed again.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        which = identity(current)
        if which in seen:
            continue
        if which is not None:
            seen.add(which)
        try:
            files, folders = _inside(current)
        except OSError as error:
            yield Found(current, f"the folder cannot be read: {error.strerror or error}")
            continue
        yield from (Found(os.path.join(current, name)) for name in files)
        waiting += [os.path.join(current, name) for name in reversed(folders)]


def _inside(folder: str) -> tuple[list[str], list[str]]:
    """The names of files and of folders in it; broken links count as files, pipes and devices as nothing."""
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path)):
                files.append(entry.name)
    return sorted(files), sorted(folders)
