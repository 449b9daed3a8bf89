"""What was lost before frames of a recording of arrays: pairs `(row, frames)`, only of those before which some were.

They stand in the order of rows, unsigned integers of 64 bits; what is lost before a frame is written before the row of
the index that says that the frame is there. Before a row without a pair nothing was lost. Recordings of early days have
no pairs at all; where one was continued, `since` is the first row that tells. Pure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NAME = "missed"
"""Of the array with the pairs."""
SINCE = "since"
"""Its attribute, where it is not 0."""
DTYPE = "<u8"
NEVER = 2**63
"""The `since` of recordings that do not tell."""

Pairs = npt.NDArray[np.uint64]
NONE: Pairs = np.zeros((0, 2), DTYPE)


class Missed:
    """How many frames were lost before each row, as `pairs` of shape `(n, 2)` tell from row `since` on."""

    def __init__(self, pairs: Pairs = NONE, since: int = NEVER) -> None:
        self._pairs, self._since = pairs, since

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self._pairs)

    def before(self, begin: int, end: int) -> npt.NDArray[np.uint64]:
        """Of the rows from `begin` up to `end`, not included; 0 where it is not known."""
        found = np.zeros(end - begin, np.uint64)
        first, last = np.searchsorted(self._pairs[:, 0], np.array((begin, end), np.uint64))
        for at, frames in self._pairs[first:last].tolist():
            if begin <= at < end:  # a damaged file has them in any order
                found[at - begin] = frames
        return found

    def told(self, begin: int, end: int) -> list[int | None]:
        """The same, with None where it is not known."""
        known = min(max(begin, self._since), end)
        found: list[int | None] = [None] * (known - begin)
        found += self.before(known, end).tolist()
        return found

    @property
    def rows(self) -> int:
        """How many rows there are at least, as the last pair says."""
        return int(self._pairs[-1, 0]) + 1 if len(self._pairs) else 0

    def fitting(self, rows: int) -> int:
        """How many of the pairs are of the first `rows` rows: what is behind them was never finished."""
        return int(np.searchsorted(self._pairs[:, 0], np.uint64(rows)))


def row(at: int, frames: int) -> npt.NDArray[Any]:
    """One pair as it is written."""
    return np.array([(at, frames)], DTYPE)
