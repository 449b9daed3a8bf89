"""The inputs of a job, with the path below which each is mirrored."""

from __future__ import annotations

import fnmatch
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from framebus.batch.inputs.in_store import place_of
from framebus.batch.inputs.walking import Folder, identity, walk
from framebus.batch.stores.urls import below, common, is_folder, is_url, shown
from framebus.batch.stores.walking import walk as walk_store
from framebus.core.errors import OptionError, Unavailable

EXTENSIONS = frozenset({"jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "bmp", "webp", "gif"})
"""What counts as an image in a folder, by its name."""


class Input(NamedTuple):
    """One file to be worked on."""

    path: str
    inner: str
    """Its path below `Inputs.base`, with `/` between folders; that of the folder where that is the trouble."""
    trouble: str = ""
    """Why it cannot be worked on; mostly empty."""


class Inputs:
    """The files that `places` stand for. Iterate it as often as you like: everything is looked up anew.

    places   folders (with all below them), globs, files, and text files of these (`.txt`, `.lst`, or `-` for standard
             input); also as URLs of a store, all of one
    match    patterns: of names (`*.jpg`), or, with a slash, of paths below `base`; upper and lower case are the same.
             They alone decide then what is taken from a folder
    without  folders that are not looked into: those that are written to

    In folders files are taken that look like images by their names; what is named itself is taken whatever it is
    called. `base` is the deepest folder that holds all places: a folder given alone is that folder.

    Raises `Unavailable` for a place that is not there, where it is the only one.
    """

    def __init__(self, places: Iterable[str], match: Sequence[str] = (), without: Iterable[str] = ()) -> None:
        self._places = [place_of(place) for place in places]
        if not self._places:
            raise OptionError("there is no input: name a folder, files, or a glob")
        if len(self._places) == 1:
            self._places[0].check()
        self._match = _compiled(match)
        self._without = list(without)
        self.base = common(folder for place in self._places for folder in place.folders())
        self.others: Counter[str] = Counter()
        """Files of folders that were left out the last time, by extension."""

    def __iter__(self) -> Iterator[Input]:
        self.others.clear()
        seen = self._never()
        for place in self._places:
            for path in place.paths():
                if is_folder(path):
                    yield from self._below(path, seen)
                else:
                    yield Input(path, below(path, self.base))

    def _below(self, folder: str, seen: set[Folder]) -> Iterator[Input]:
        above = below(folder, self.base)
        start = len(os.path.join(folder, ""))
        for path, trouble in walk_store(folder, seen) if is_url(folder) else walk(folder, seen):
            inside = path[start:].replace(os.sep, "/")
            inner = f"{above}/{inside}" if above != "." else inside
            if trouble or self._wanted(inner):
                yield Input(path, inner, trouble)

    def _never(self) -> set[Folder]:
        """Folders that are written to, unless all inputs are in one of them."""
        base = identity(self.base)
        return {which for folder in self._without if (which := identity(folder)) is not None and which != base}

    def _wanted(self, inner: str) -> bool:
        name = inner.rpartition("/")[2]
        if self._match:
            wanted = any(pattern.match(inner.lower() if deep else name.lower()) for pattern, deep in self._match)
        else:
            wanted = name.rpartition(".")[2].lower() in EXTENSIONS
        if not wanted:
            self.others[os.path.splitext(name)[1].lower() or "without extension"] += 1
        return wanted


def nothing(places: Iterable[str], others: Counter[str], match: Sequence[str] = ()) -> Unavailable:
    """What to say where there was no input at all."""
    told = ", ".join(f"{count:,} {kind}" for kind, count in others.most_common(6))
    looked = f"files that match {' or '.join(match)}" if match else f"images ({', '.join(sorted(EXTENSIONS))})"
    where = ", ".join(map(shown, list(places)[:3]))
    return Unavailable(f"{where}: there are no {looked}; " + (f"there is {told}" if told else "there is nothing"))


def _compiled(match: Sequence[str]) -> list[tuple[re.Pattern[str], bool]]:
    return [(re.compile(fnmatch.translate(pattern.lower())), "/" in pattern) for pattern in match]
