"""Groups that a publisher waits for, under the names that its owner gave them."""

from __future__ import annotations

import re
from collections.abc import Container

SINK_SUFFIX = re.compile("[0-9a-f]{8}")


class Expected:
    """Each is missing until its first member comes."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._joined: set[str] = set()

    def missing(self) -> list[str]:
        """Who has not been there yet."""
        return [name for name in self._names if name not in self._joined]

    def meant_by(self, key: str, groups: Container[str]) -> str:
        """Under which name group `key` is waited for: as `run.h5`, the sink `run.h5.1a2b3c4d` of any folder.

        The first such sink takes the place of `run.h5` in `groups`; others are only themselves.
        """
        base, _, suffix = key.rpartition(".")
        is_first = key not in self._names and SINK_SUFFIX.fullmatch(suffix) and base in groups
        return base if is_first and base in self._names else key

    def came(self, name: str) -> None:
        """A member of that group is there."""
        if name in self._names:
            self._joined.add(name)
