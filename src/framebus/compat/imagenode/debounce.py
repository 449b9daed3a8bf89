"""A state that changes only when it has been seen for several frames in a row: a state machine without a clock."""

from __future__ import annotations

from collections.abc import Mapping


class Changes:
    """`state`, and how many frames in a row another one must be seen before it becomes that.

    Starts as `state`; with None the first state that lasts is a change, too.
    """

    def __init__(self, frames: Mapping[str, int], state: str | None = None) -> None:
        self.state = state
        self._frames = frames
        self._seen = ""
        self._in_a_row = 0

    def see(self, seen: str) -> str | None:
        """One more frame, which looks like `seen`; the new state where that makes it change, else None."""
        self._in_a_row = self._in_a_row + 1 if seen == self._seen else 1
        self._seen = seen
        if seen == self.state or self._in_a_row < self._frames[seen]:
            return None
        self.state = seen
        return seen
