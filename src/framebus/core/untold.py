"""What was missed before frames that were left out: the next one of their run has to tell of it."""

from __future__ import annotations

from framebus.core.contracts import Item


class Untold:
    """By stream and run, how much nobody was told of yet. Not thread-safe."""

    def __init__(self) -> None:
        self._missed: dict[tuple[str, int], int] = {}

    def add(self, stream: str, run: int, missed: int) -> None:
        """So many more were missed, and what would have told of them is left out."""
        if missed:
            self._missed[stream, run] = self._missed.get((stream, run), 0) + missed

    def take(self, stream: str, run: int) -> int:
        """How many were; they are told of now."""
        return self._missed.pop((stream, run), 0) if self._missed else 0

    def told(self, item: Item) -> Item:
        """`item`, which tells of them, too."""
        missed = self.take(item.stream, item.run)
        return item.replace(missed=item.missed + missed) if missed else item
