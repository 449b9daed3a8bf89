"""A place in a store that people name: a folder, a glob, an object, or an object that lists places."""

from __future__ import annotations

import glob
from collections.abc import Iterator

from framebus.batch.inputs.on_disk import LISTS, Place, before_magic, split
from framebus.batch.stores import objects
from framebus.batch.stores.urls import is_url, parent, shown
from framebus.core.errors import Unavailable


class StorePlace(Place):
    """A URL as it was named. What is a folder ends in a slash among its `paths`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._entry: objects.Entry | None = None

    def paths(self) -> Iterator[str]:
        """See `Place`."""
        if self.is_list:
            yield from split(iter([objects.read(self.text)]))
        elif self.is_glob:
            yield from (f"{found.url}/" if found.folder else found.url for found in self._matching())
        elif self.text.endswith("/") or self._there is None or not self._there.folder:
            yield self.text
        else:
            yield f"{self.text}/"

    @property
    def is_list(self) -> bool:
        """See `Place`."""
        return self.text.lower().endswith(LISTS) and self._there is not None and not self._there.folder

    @property
    def is_glob(self) -> bool:
        """See `Place`."""
        return glob.has_magic(self.text) and self._there is None

    def folders(self) -> Iterator[str]:
        """See `Place`."""
        if self.is_glob:
            yield before_magic(self.text)
        else:
            for path in self.paths():
                yield path if path.endswith("/") else parent(path)

    def check(self) -> None:
        """See `Place`."""
        if self._there is not None:
            return
        if not glob.has_magic(self.text):
            raise Unavailable(f"{shown(self.text)}: no such object, and nothing is below it")
        if not self._matching():
            raise Unavailable(f"{shown(self.text)}: matches nothing")

    def _matching(self) -> list[objects.Entry]:
        """What it stands for; a wildcard does not stand for the dot that hides something."""
        start = len(before_magic(self.text))
        hidden = "/." in self.text[start:]
        return [found for found in objects.matching(self.text) if hidden or "/." not in found.url[start:]]

    @property
    def _there(self) -> objects.Entry | None:
        """What is there by that very name; asked for until something is."""
        if self._entry is None:
            self._entry = objects.entry(self.text)
        return self._entry


def place_of(text: str) -> Place:
    """The place that is meant; raises `OptionError` where it can be none."""
    return StorePlace(text) if is_url(text) else Place(text)
