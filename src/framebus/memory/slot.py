"""One piece of memory that other processes can be shown: a file of its own, sealed, lent to one use after another."""

from __future__ import annotations

import errno
import mmap
import os
import weakref
from collections.abc import Callable
from typing import Any

from framebus.memory.region import Region, address_of

SHRINK, GROW, SEAL, FUTURE_WRITE = 0x2, 0x4, 0x1, 0x10
"""Seals of a memory file (fcntl names the last one from Python 3.13 on)."""
SEALS = SEAL | SHRINK | GROW | FUTURE_WRITE
NAME = "framebus"
MIN_BYTES = 64 * 1024

_CLOEXEC, _ALLOW_SEALING, _NOEXEC_SEAL = 0x1, 0x2, 0x8


class Slot:
    """Memory of `size` bytes at `address`, also mapped by whoever was given its `descriptor`.

    In use while a view given out by `window` lives, or anything derived from it, and while connections hold leases.
    `lease`, `release`, `abandon` and the end of a view are safe in any thread at any moment, finalizers included.
    """

    __slots__ = (
        "_leases",
        "_life",
        "_memory",
        "abandoned",
        "address",
        "descriptor",
        "generation",
        "index",
        "retired",
        "size",
        "used_at",
    )

    def __init__(self, index: int, size: int) -> None:
        """Reserve `size` bytes (a multiple of the page size). Raises `OSError` when the system has none to give."""
        self.descriptor = sealed_file(size, self._map)
        self.index = index
        """Unique among the slots of this process that are not retired."""
        self.size = size
        self.generation = 0
        """Number of the present use; no other use of any slot of this process has the same."""
        self.used_at = 0.0
        self.abandoned = False
        """Somebody may look at this memory for ever: it must not be written to again."""
        self.retired = False
        """Closed: whoever knows this slot should forget it."""
        self._life: Callable[[], Any] = _nothing
        self._leases: list[None] = []

    def _map(self, descriptor: int, size: int) -> None:
        region = Region(descriptor, size, writable=True)
        self.address = region.address
        self._memory = region.array()

    @property
    def free(self) -> bool:
        """True when nobody in this process has a view and no connection a lease."""
        # views first: whoever takes a lease still has a view, so none can begin once the last view is gone
        return self._life() is None and not self._leases

    @property
    def leases(self) -> int:
        """How many leases connections hold."""
        return len(self._leases)

    def window(self, nbytes: int) -> memoryview:
        """The first `nbytes` bytes, writable; the slot is in use until this and all derived from it are gone."""
        window = self._memory[:nbytes]
        self._life = weakref.ref(window)
        return window.data

    def lease(self) -> None:
        """A connection shows this use to its peer. Only for who holds a view of it."""
        self._leases.append(None)

    def release(self) -> None:
        """The peer of one lease does not look at it any more."""
        self._leases.pop()

    def abandon(self) -> None:
        """End a lease whose peer may look at the memory for ever: there will be no further use."""
        self.abandoned = True
        self._leases.pop()

    def holds(self, address: int, nbytes: int) -> bool:
        """True when those bytes lie in this slot."""
        return self.address <= address and address + nbytes <= self.address + self.size

    def offset_of(self, buffer: memoryview) -> int:
        """Where in this slot a buffer that lies in it begins."""
        return address_of(buffer) - self.address

    def close(self) -> None:
        """Give descriptor and memory back; views that still live keep the memory, not the slot."""
        if not self.retired:
            self.retired = True
            os.close(self.descriptor)
            del self._memory


def rounded(nbytes: int) -> int:
    """The size of a slot for `nbytes`: up to an eighth more, so that frames of nearly the same size share slots."""
    step = max(mmap.PAGESIZE, 1 << max(0, (nbytes - 1).bit_length() - 4))
    return max(MIN_BYTES, -(-nbytes // step) * step)


def sealed_file(size: int, map_: Callable[[int, int], None]) -> int:
    """A new memory file of `size` bytes, all there, that nobody can resize or map writable after `map_(it, size)`.

    Raises `OSError`.
    """
    descriptor = _memory_file()
    try:
        os.posix_fallocate(descriptor, 0, size)
        map_(descriptor, size)
        _seal(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def seals(descriptor: int) -> int:
    """The seals of a memory file; 0 where it is none."""
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        return 0


def _seal(descriptor: int) -> None:
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)


def _memory_file() -> int:
    """Some systems refuse memory files that might be executed; older ones do not know how to ask for others."""
    try:
        return os.memfd_create(NAME, _CLOEXEC | _ALLOW_SEALING | _NOEXEC_SEAL)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return os.memfd_create(NAME, _CLOEXEC | _ALLOW_SEALING)


def _nothing() -> None:
    return None
