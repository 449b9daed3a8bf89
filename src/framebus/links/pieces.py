"""A payload that could not be put into shared memory, put together again from pieces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from framebus.core.errors import BadFrame

PIECE_BYTES = 64 * 1024


def pieces(payload: memoryview) -> Iterator[tuple[memoryview, bool]]:
    """The bytes in order, and whether each piece is the last."""
    for start in range(0, payload.nbytes, PIECE_BYTES):
        end = start + PIECE_BYTES
        yield payload[start:end], end >= payload.nbytes


class Assembly:
    """A message of which the first part is here, and the second is coming."""

    def __init__(self, head: memoryview, nbytes: int) -> None:
        """`nbytes` of payload are to come. Raises `BadFrame` for none."""
        if not nbytes:
            raise BadFrame("a message in pieces that has none")
        self._head = head
        self._payload = np.empty(nbytes, np.uint8)
        self._filled = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the second part, of which some are here."""
        return int(self._payload.nbytes)

    def add(self, piece: memoryview) -> list[memoryview] | None:
        """The message, both parts read-only, if this piece completes it. Raises `BadFrame` for one that is too long."""
        end = self._filled + len(piece)
        if not len(piece) or end > self._payload.nbytes:
            raise BadFrame(f"a piece of {len(piece)} bytes where {self._payload.nbytes - self._filled} are missing")
        self._payload[self._filled : end] = np.frombuffer(piece, np.uint8)
        self._filled = end
        return [self._head, self._payload.data.toreadonly()] if end == self._payload.nbytes else None
