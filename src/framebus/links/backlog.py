"""What is to be written and was not yet: whole messages in order, referenced and never copied."""

from __future__ import annotations

from collections import deque
from itertools import chain

MAX_BUFFERS = 64
"""How many pieces are written with one call; far below what systems allow (1024)."""

Buffer = bytes | memoryview


class Backlog:
    """The unwritten rest of a byte stream, kept by message. Pure bookkeeping; not thread-safe."""

    def __init__(self) -> None:
        self._messages: deque[list[Buffer]] = deque()
        self._begun = False

    def __len__(self) -> int:
        """Messages not completely written."""
        return len(self._messages)

    def add(self, *pieces: Buffer) -> None:
        """A message, in pieces that are flat bytes and stay as they are until written."""
        self._messages.append(list(pieces))

    def urgent(self, message: bytes) -> None:
        """A message before all others, though not within one whose writing has begun; the order of several is open."""
        self._messages.insert(int(self._begun), [message])

    def next(self, limit: int) -> tuple[list[Buffer], int]:
        """What to write next, at most `limit` bytes in `MAX_BUFFERS` pieces, and how many bytes that is."""
        chosen: list[Buffer] = []
        total = 0
        for piece in chain.from_iterable(self._messages):
            if total + len(piece) >= limit or len(chosen) == MAX_BUFFERS - 1:
                piece = memoryview(piece)[: limit - total]
                return [*chosen, piece], total + len(piece)
            chosen.append(piece)
            total += len(piece)
        return chosen, total

    def written(self, count: int) -> None:
        """The first `count` bytes have been written."""
        while self._messages:
            pieces = self._messages[0]
            self._begun = self._begun or count > 0
            while pieces and count >= len(pieces[0]):
                count -= len(pieces.pop(0))
            if pieces:
                if count:
                    pieces[0] = memoryview(pieces[0])[count:]
                return
            self._messages.popleft()
            self._begun = False

    def clear(self) -> None:
        """Forget everything."""
        self._messages.clear()
        self._begun = False
