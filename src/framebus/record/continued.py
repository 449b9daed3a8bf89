"""Files of several streams that are continued after a restart: HDF5, TIFF, Zarr."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from framebus.core.contracts import Item
from framebus.record.recording_kind import Writer
from framebus.sinks.kept import Kept


class Continued:
    """See `framebus.record.recording_kind.Kind`.

    `write(path)` begins a file, `write(path, resume=True)` goes on with it.
    """

    shared = True

    def __init__(self, write: Callable[..., Writer], entries: Callable[[str], Iterator[Kept]]) -> None:
        self._write = write
        self._entries = entries

    def create(self, path: str, first: Item) -> Writer:
        """A new file."""
        return self._write(path)

    def resume(self, path: str) -> Writer:
        """The same file, continued."""
        return self._write(path, resume=True)

    def entries(self, path: str) -> Iterator[Kept]:
        """What is in it."""
        return self._entries(path)
