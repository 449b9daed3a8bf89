"""All objects below a folder of a store, as if there were folders in it: one listing for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from framebus.batch.stores import objects

_NO_NAMES = ("", ".", "..")


class Found(NamedTuple):
    """An object or file, or a place that cannot be looked into."""

    path: str
    trouble: str = ""


def walk(folder: str, seen: set[Any], *, hidden: bool = False) -> Iterator[Found]:
    """Objects sorted within each folder, before those of the folders in it.

    What begins with a dot is left out unless `hidden`, and so are the folders in `seen`, to which all that were walked
    are added. Raises `Unavailable`.
    """
    waiting = [folder.rstrip("/")]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        entries = [each for each in sorted(objects.listed(current)) if hidden or not _hidden(each.url)]
        yield from (_found(each.url) for each in entries if not each.folder)
        folders = [each.url for each in entries if each.folder]
        yield from (Found(url, _ODD) for url in folders if _odd(url, current))
        waiting += [url for url in reversed(folders) if not _odd(url, current)]


_ODD = "its name is none that a file can have, so nothing below it is read: rename it"


def _found(url: str) -> Found:
    return Found(url, _ODD) if "\0" in url or url.rpartition("/")[2] in _NO_NAMES else Found(url)


def _odd(url: str, above: str) -> bool:
    """Whether it is a folder without a name, or one that leads elsewhere: stores allow that, file systems do not."""
    return len(url) <= len(above) or url.rpartition("/")[2] in _NO_NAMES or "\0" in url


def _hidden(url: str) -> bool:
    name = url.rpartition("/")[2]
    return name.startswith(".") and name not in _NO_NAMES
