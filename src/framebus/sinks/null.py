"""`null:` – takes everything, keeps nothing, counts."""

from __future__ import annotations

from framebus.core.addresses import Here
from framebus.core.contracts import Done, Item
from framebus.core.errors import Closed


def open_sink(address: Here) -> Null:
    """The sink at `null:`."""
    return Null()


class Null:
    """A sink for measuring and trying out. `frames` and `bytes` count what came, as carried."""

    keep: str | None = None
    group: str | None = None

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self._closed = False

    def write(self, item: Item, done: Done) -> None:
        """Count one; it is done at once."""
        if self._closed:
            raise Closed("null: was closed: open it again to write on")
        self.frames += 1
        self.bytes += item.nbytes
        done()

    def close(self) -> None:
        """Count no more; idempotent."""
        self._closed = True
