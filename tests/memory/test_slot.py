"""One slot: memory that others may look at, and that nobody else can change, resize or take away."""

from __future__ import annotations

import errno
import mmap
import os
import signal
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.memory.slot import MIN_BYTES, Slot, rounded
from tests.conftest import StartChild

SIZE = 1 << 20


@pytest.fixture
def slot() -> Slot:
    made = Slot(0, SIZE)
    descriptor = os.dup(made.descriptor)  # as another process gets it
    made.close()
    made.descriptor = descriptor
    return made


@given(st.integers(1, 1 << 30))
def test_sizes_are_whole_pages_and_at_most_an_eighth_more_than_needed(nbytes: int) -> None:
    size = rounded(nbytes)
    assert size >= nbytes
    assert size % mmap.PAGESIZE == 0
    assert size <= max(MIN_BYTES, nbytes + nbytes // 8 + mmap.PAGESIZE)
    assert rounded(size) == size


def test_pictures_of_nearly_the_same_size_get_slots_of_the_same_size() -> None:
    assert rounded(6_000_000) == rounded(6_220_800)


@pytest.mark.skipif(sys.platform != "linux", reason="memory files are Linux's")
class TestSealed:
    """What whoever was given the descriptor cannot do."""

    @pytest.mark.parametrize(
        "attempt",
        [
            lambda descriptor: os.ftruncate(descriptor, 4096),
            lambda descriptor: os.ftruncate(descriptor, 2 * SIZE),
            lambda descriptor: os.pwrite(descriptor, b"x", 0),
            lambda descriptor: mmap.mmap(descriptor, SIZE),
        ],
        ids=["shrink it", "grow it", "write to it", "map it writable"],
    )
    def test_nobody_can(self, slot: Slot, attempt: Callable[[int], object]) -> None:
        try:
            with pytest.raises(PermissionError):
                attempt(slot.descriptor)
        finally:
            os.close(slot.descriptor)

    def test_seals_cannot_be_changed(self, slot: Slot) -> None:
        import fcntl

        with pytest.raises(PermissionError):
            fcntl.fcntl(slot.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        os.close(slot.descriptor)

    def test_all_of_it_is_there_from_the_start(self, slot: Slot) -> None:
        assert os.fstat(slot.descriptor).st_blocks * 512 >= SIZE
        os.close(slot.descriptor)

    def test_memory_stays_for_a_view_after_the_slot_was_closed(self) -> None:
        slot = Slot(0, SIZE)
        view = slot.window(1000)
        view[:] = bytes(range(250)) * 4
        slot.close()
        slot.close()
        assert bytes(view) == bytes(range(250)) * 4
        assert slot.retired

    @pytest.mark.parametrize("step", ["posix_fallocate", "fcntl"])
    def test_a_slot_that_the_system_refuses_leaves_nothing_behind(
        self, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        import fcntl

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os if hasattr(os, step) else fcntl, step, refuse)
        before = os.listdir("/proc/self/fd")
        with pytest.raises(OSError, match="No space"):
            Slot(0, SIZE)
        assert os.listdir("/proc/self/fd") == before


WRITE_TO_A_VIEW = """
import ctypes, os
import numpy as np
from framebus.memory.mapping import Mapping
from framebus.memory.slot import Slot
slot = Slot(0, 65536)
image = np.frombuffer(Mapping(os.dup(slot.descriptor), 65536).view(0, 1000, int), np.uint8)
print(image[0], flush=True)
ctypes.memset(image.ctypes.data, 1, 1)
print("written")
"""


def test_whoever_writes_to_a_view_by_force_falls_and_changes_nothing(child: StartChild) -> None:
    process = child("-c", WRITE_TO_A_VIEW, env={"PYTHONFAULTHANDLER": ""})
    assert process.wait() == -signal.SIGSEGV
    assert "written" not in process.stdout


def is_free(slot: Slot) -> bool:
    """Asked again each time, which a type checker does not expect of a property."""
    return slot.free


class TestInUse:
    """When a slot is free."""

    @pytest.fixture
    def used(self) -> Slot:
        return Slot(0, SIZE)

    def test_while_anything_derived_from_its_view_lives(self, used: Slot) -> None:
        assert is_free(used)
        image = np.frombuffer(used.window(600), np.uint8).reshape(10, 20, 3)
        corner = image[:2, :2].transpose(2, 0, 1)
        del image
        assert not is_free(used)
        again = corner.data
        del corner
        assert not is_free(used)
        del again
        assert is_free(used)
        used.close()

    def test_while_somebody_has_a_lease(self, used: Slot) -> None:
        view = used.window(10)
        used.lease()
        used.lease()
        del view
        used.release()
        assert (used.free, used.leases) == (False, 1)
        used.release()
        assert (used.free, used.abandoned) == (True, False)
        used.close()

    def test_an_abandoned_lease_ends_its_last_use(self, used: Slot) -> None:
        view = used.window(10)
        used.lease()
        del view
        used.abandon()
        assert (used.free, used.abandoned) == (True, True)
        used.close()

    def test_where_a_buffer_lies(self, used: Slot) -> None:
        view = used.window(1000)
        assert used.offset_of(view) == 0
        assert used.offset_of(view[100:200]) == 100
        used.close()
