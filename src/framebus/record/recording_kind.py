"""What a kind of recording has to offer so that files of it can follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from framebus.core.contracts import Done, Item
from framebus.sinks.kept import Kept


class Writer(Protocol):
    """One file that is being written. Not thread-safe."""

    @property
    def nbytes(self) -> int:
        """How large it is."""
        ...

    def takes(self, item: Item) -> bool:
        """Whether `item` can follow what is in the file; else it begins another."""
        ...

    def write(self, item: Item, done: Done) -> None:
        """Add one; `done` is called when it is on disk. Raises `BadFrame` or `Unavailable`."""
        ...

    def close(self) -> None:
        """Finish the file, all that was written is done; idempotent."""
        ...


class Kind(Protocol):
    """One kind of file."""

    shared: bool
    """True where one file takes several streams."""

    def create(self, path: str, first: Item) -> Writer:
        """A new file that begins with `first`."""
        ...

    def resume(self, path: str) -> Writer | None:
        """The recording at `path`, to be continued; None where files of this kind cannot be."""
        ...

    def entries(self, path: str) -> Iterator[Kept]:
        """The frames in a recording, whole or not; raises `BadFrame` where it is none."""
        ...
