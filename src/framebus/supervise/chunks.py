"""How many inputs go into one message: so many that asking costs little, so few that all workers end together. Pure."""

from __future__ import annotations

MOST = 256
_SHARE = 4
"""Near the end a chunk is at most this part of what each worker has left to do."""
_FINEST = 16
"""But no finer part of the usual chunk than this: what comes after costs more to hand out than workers wait for it."""
_NEWER = 0.3
"""What the newest measurement counts."""


class Chunking:
    """The size of the next chunk, by how long inputs take; a chunk takes about `target_s`."""

    def __init__(self, workers: int, target_s: float, most: int = MOST) -> None:
        self._workers = max(1, workers)
        self._target_s = target_s
        self._most = most
        self._each_s = 0.0

    def learn(self, inputs: int, seconds: float) -> None:
        """So many inputs took so long."""
        if inputs > 0:
            each_s = max(seconds / inputs, 1e-7)
            self._each_s += (each_s - self._each_s) * (_NEWER if self._each_s else 1.0)

    def size(self, left: int | None = None) -> int:
        """How many next, of about `left` inputs (None: nobody knows)."""
        if not self._each_s:
            return 1
        size = min(self._most, int(self._target_s / self._each_s))
        if left is not None:
            size = min(size, max(size // _FINEST, left // (self._workers * _SHARE)))
        return max(1, size)
