"""What one other process shows this one: its slots, mapped here, and the views that are out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from functools import partial

import numpy as np

from framebus.core.errors import BadFrame
from framebus.memory.mapping import Mapping

MAX_LEASES = 8
"""Frames of one link that a reader can hold in place; with the last but one in hand it is given copies."""
MAX_SLOTS = 512
MAX_SLOT_BYTES = 1 << 30
MANY = 4
"""So many views that ended are worth a message of their own."""


class Borrowing:
    """Memory shown over one connection. Used by one thread at a time; views end in any.

    `returned` has one token for each view that ended, and each payload that was copied, until they are sent.
    """

    def __init__(self, many: Callable[[], object]) -> None:
        """`many()` is called when `MANY` tokens wait: in any thread, from finalizers, so it must take no lock."""
        self.returned: deque[bytes] = deque()
        self._many = many
        self._mappings: dict[int, Mapping] = {}
        self._out: deque[None] = deque()

    def show(self, index: int, descriptor: int, size: int) -> None:
        """The peer shows a slot; `descriptor` is closed whatever happens. Raises `BadFrame` and `OSError`."""
        if size > MAX_SLOT_BYTES or (index not in self._mappings and len(self._mappings) >= MAX_SLOTS):
            os.close(descriptor)
            raise BadFrame(
                f"shows more memory than anybody needs ({len(self._mappings) + 1} slots, one of {size} bytes)"
            )
        self._mappings[index] = Mapping(descriptor, size)

    def forget(self, index: int) -> None:
        """The peer will not use that slot again; views of it stay as they are."""
        self._mappings.pop(index, None)

    def take(self, token: bytes, index: int, offset: int, nbytes: int) -> memoryview:
        """What was put there, read-only: in place, or copied when too many views of this connection are out.

        Raises `BadFrame` for bytes that were not shown.
        """
        mapping = self._mappings.get(index)
        if mapping is None:
            raise BadFrame(f"refers to shared memory it has not shown (slot {index})")
        if len(self._out) < MAX_LEASES - 1:
            view = mapping.view(offset, nbytes, partial(self._ended, token))
            self._out.append(None)
            return view
        view = mapping.view(offset, nbytes, partial(self.returned.append, token))
        private = np.empty(nbytes, np.uint8)
        np.copyto(private, np.frombuffer(view, np.uint8))  # lets other threads run, as slices of memory do not
        return private.data.toreadonly()

    def close(self) -> None:
        """Forget all slots; views that are out stay as they are, and their end is no news to anybody."""
        self._mappings = {}
        self.returned.clear()

    def _ended(self, token: bytes) -> None:
        self._out.pop()
        self.returned.append(token)
        if len(self.returned) >= MANY:
            self._many()
