"""The shared memory of this process: slots that are lent to one frame after another and shown to other processes."""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import socket
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable

import msgspec
import numpy as np

from framebus.core.errors import Unavailable
from framebus.memory.available import available_bytes, reserve_bytes
from framebus.memory.region import Region, address_of
from framebus.memory.slot import Slot, rounded, sealed_file

UNUSED_S = 10.0
"""Slots that nobody needed for so long are given back."""
WASTE = 2
"""A free slot of up to so many times the size needed is taken."""
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


SHARE_OF_DESCRIPTORS = 2
"""One of so many file descriptors of the process may be a slot's."""


class Crowded(Unavailable):
    """So many slots are in use that more would take the file descriptors that the rest of the program needs."""


class PoolStats(msgspec.Struct, frozen=True):
    """What a pool holds: `slots` of together `bytes`, of them `free` ones, and the `leases` of connections."""

    slots: int
    bytes: int
    free: int
    leases: int


class Pool:
    """Lends slots. Every method may be called from any thread; none from a finalizer.

    The views it gives out need no giving back: a slot is free again when the last thing derived from its view is gone.
    A forked child starts with an empty pool. What it inherited changes whenever the parent uses a slot again: it must
    not go on using the parent's frames.
    """

    def __init__(
        self,
        available: Callable[[], int] = available_bytes,
        reserve: Callable[[], int] = reserve_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._available = available
        self._reserve = reserve
        self._clock = clock
        self._lock = threading.RLock()
        self._slots: list[Slot] = []
        """By index; replaced, never changed, so that it can be read without the lock."""
        self._places: tuple[list[int], list[Slot]] = [], []
        """Addresses in order, and the slots there; replaced, never changed."""
        self._uses = itertools.count(1)
        self._look_at = 0.0
        self.retirements = 0
        """How many slots were retired so far: connections look for retired ones when this changes."""

    def lend(self, nbytes: int) -> memoryview:
        """Flat writable memory of exactly `nbytes` bytes at the start of a free slot; its content is arbitrary.

        The slot with the lowest index that fits, as its memory is most likely in the processor's cache; else a new one
        (about 0.4 ms per MB, once). Raises `Unavailable` when there is not enough memory or no file descriptor left.
        """
        if nbytes <= 0:
            return np.empty(nbytes, np.uint8).data
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + UNUSED_S
            self._retire(lambda slot: slot.abandoned or slot.used_at <= now - UNUSED_S)
        with self._lock:
            slot = self._fitting(nbytes)
            if slot is not None:
                return self._use(slot, nbytes, now)
        self._retire(lambda slot: slot.abandoned)
        self._need(nbytes)
        return self._use_new(nbytes, now)

    def slot_of(self, buffer: memoryview) -> Slot | None:
        """The slot in which all of a contiguous buffer lies; None for memory of any other kind."""
        starts, slots = self._places
        if not starts or not buffer.nbytes:
            return None
        address = address_of(buffer)
        place = bisect_right(starts, address)
        if place and slots[place - 1].holds(address, buffer.nbytes):
            return slots[place - 1]
        return None

    def trim(self) -> int:
        """Give all free slots back to the system; how many bytes that were."""
        return self._retire(lambda slot: True)

    def stats(self) -> PoolStats:
        """What there is at this moment."""
        slots = self._slots
        return PoolStats(
            slots=len(slots),
            bytes=sum(slot.size for slot in slots),
            free=sum(slot.free for slot in slots),
            leases=sum(slot.leases for slot in slots),
        )

    def disown(self) -> None:
        """In a forked child: close what the parent has open; views that were inherited keep their memory."""
        for slot in self._slots:
            slot.close()
        self._slots, self._places = [], ([], [])

    # under the lock -------------------------------------------------------------------------------------------

    def _fitting(self, nbytes: int) -> Slot | None:
        largest = WASTE * rounded(nbytes)
        for slot in self._slots:
            if nbytes <= slot.size <= largest and not slot.abandoned and slot.free:
                return slot
        return None

    def _use(self, slot: Slot, nbytes: int, now: float) -> memoryview:
        slot.generation = next(self._uses)
        slot.used_at = now
        return slot.window(nbytes)

    def _set(self, slots: list[Slot]) -> None:
        self._slots = slots
        placed = sorted(slots, key=lambda slot: slot.address)
        self._places = [slot.address for slot in placed], placed

    def _add(self, slot: Slot) -> None:
        taken = {other.index for other in self._slots}
        slot.index = next(index for index in itertools.count() if index not in taken)
        self._set(sorted([*self._slots, slot], key=lambda each: each.index))

    # making and unmaking slots takes its time: without the lock ------------------------------------------------

    def _retire(self, wanted: Callable[[Slot], bool]) -> int:
        with self._lock:
            retired = [slot for slot in self._slots if slot.free and wanted(slot)]
            if retired:
                self._set([slot for slot in self._slots if slot not in retired])
        for slot in retired:
            slot.close()
        self.retirements += len(retired)
        return sum(slot.size for slot in retired)

    def _need(self, nbytes: int) -> None:
        """Raises `Unavailable` when memory for a slot cannot be had, not even by giving back what is free."""
        size = rounded(nbytes)
        most = descriptor_limit() // SHARE_OF_DESCRIPTORS
        if len(self._slots) >= most and not self.trim():
            raise Crowded(
                f"{len(self._slots)} pictures are in shared memory, each of which takes a file descriptor "
                f"of {2 * most}: hold fewer frames, or raise the limit (ulimit -n)"
            )
        left = self._available() - self._reserve()
        if left < size and self.trim():
            left = self._available() - self._reserve()
        if left < size:
            raise Unavailable(self._shortage(size, max(0, left)))

    def _shortage(self, size: int, left: int) -> str:
        return (
            f"{_mega(size)} of shared memory were asked for, and {_mega(left)} can be had "
            f"(beyond {_mega(self._reserve())} that stay free for others; this process shares "
            f"{_mega(self.stats().bytes)}): hold fewer frames, send smaller ones, or give this machine or "
            f"container more memory"
        )

    def _use_new(self, nbytes: int, now: float) -> memoryview:
        slot = self._made(rounded(nbytes))
        with self._lock:
            self._add(slot)
            return self._use(slot, nbytes, now)

    def _made(self, size: int) -> Slot:
        try:
            return Slot(-1, size)
        except OSError as error:
            self.trim()
            reason = error
        try:
            return Slot(-1, size)
        except OSError:
            raise Unavailable(_refusal(size, reason)) from reason


def descriptor_limit() -> int:
    """How many file descriptors this process may have."""
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


def _refusal(size: int, error: OSError) -> str:
    if error.errno in NO_DESCRIPTORS:
        return (
            f"{_mega(size)} of shared memory need a file descriptor, and this process has none left: "
            f"hold fewer frames, close files and connections, or raise the limit (ulimit -n)"
        )
    return (
        f"the system refused {_mega(size)} of shared memory ({error.strerror}): "
        f"hold fewer frames, send smaller ones, or give this process more memory"
    )


def _mega(nbytes: int) -> str:
    return f"{nbytes / 1e6:.1f} MB"


# the one of this process --------------------------------------------------------------------------------------


class _Process:
    """Holds the pool of the running process."""

    pool: Pool | None = None
    lock = threading.Lock()


def pool() -> Pool:
    """The pool of this process, made on first use."""
    found = _Process.pool
    if found is not None:
        return found
    with _Process.lock:
        if _Process.pool is None:
            _Process.pool = Pool()
        return _Process.pool


def _forked() -> None:
    _Process.lock = threading.Lock()
    inherited, _Process.pool = _Process.pool, None
    if inherited is not None:
        inherited.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@functools.cache
def supported() -> bool:
    """True where memory files can be sealed and passed over sockets that keep messages apart: Linux 5.1 and later."""
    if sys.platform != "linux":
        return False
    try:
        os.close(sealed_file(os.sysconf("SC_PAGE_SIZE"), _map_once))
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except (OSError, AttributeError):
        return False
    for end in pair:
        with contextlib.suppress(OSError):
            end.close()
    return True


def _map_once(descriptor: int, size: int) -> None:
    Region(descriptor, size, writable=True)
