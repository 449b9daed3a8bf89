"""The pool of a process: slots for one frame after another, as few as are in use at a time."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.errors import Unavailable
from framebus.memory import pool as module
from framebus.memory.pool import UNUSED_S, Crowded, Pool, pool, supported
from framebus.memory.slot import Slot
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

FRAME = 100_000
MB = 1 << 20


class System:
    """What a pool asks."""

    def __init__(self) -> None:
        self.available = 1 << 40
        self.now = 0.0

    def pool(self) -> Pool:
        return Pool(lambda: self.available, lambda: 10 * MB, lambda: self.now)


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def slots(system: System) -> Iterator[Pool]:
    made = system.pool()
    yield made
    made.trim()


def where(pool: Pool, view: memoryview) -> Slot:
    slot = pool.slot_of(view)
    assert slot is not None
    return slot


def array(view: memoryview) -> npt.NDArray[np.uint8]:
    return np.frombuffer(view, np.uint8)


class TestLending:
    """Which slot is lent."""

    def test_a_view_has_exactly_the_bytes_asked_for_and_can_be_written(self, slots: Pool) -> None:
        view = slots.lend(FRAME)
        assert (view.nbytes, view.format, view.ndim, view.readonly, view.contiguous) == (FRAME, "B", 1, False, True)
        view[:] = b"x" * FRAME
        assert where(slots, view).offset_of(view) == 0

    def test_a_slot_is_lent_again_as_soon_as_nothing_of_its_view_is_left(self, slots: Pool) -> None:
        first = where(slots, view := slots.lend(FRAME))
        generation = first.generation
        corner = array(view)[5:10].T
        del view
        other = slots.lend(FRAME)
        assert where(slots, other) is not first
        del corner
        assert where(slots, slots.lend(FRAME)) is first
        assert first.generation > generation
        del other

    def test_the_lowest_free_slot_comes_first(self, slots: Pool) -> None:
        views = [slots.lend(FRAME) for _ in range(4)]
        assert [where(slots, view).index for view in views] == [0, 1, 2, 3]
        views[2] = views[1] = memoryview(b"")
        assert where(slots, slots.lend(FRAME)).index == 1

    def test_leases_keep_a_slot_when_no_view_does(self, slots: Pool) -> None:
        slot = where(slots, view := slots.lend(FRAME))
        slot.lease()
        del view
        assert where(slots, slots.lend(FRAME)) is not slot
        slot.release()
        assert where(slots, slots.lend(FRAME)) is slot

    def test_a_slot_abandoned_by_a_peer_is_never_lent_again(self, slots: Pool) -> None:
        slot = where(slots, view := slots.lend(FRAME))
        slot.lease()
        del view
        slot.abandon()
        assert where(slots, slots.lend(FRAME)) is not slot
        slots.trim()
        assert slot.retired

    def test_frames_of_nearly_the_same_size_share_a_slot(self, slots: Pool) -> None:
        first = where(slots, slots.lend(6_000_000))
        assert where(slots, slots.lend(6_100_000)) is first
        assert where(slots, slots.lend(4_000_000)) is first

    def test_small_frames_do_not_take_large_slots(self, slots: Pool) -> None:
        large = where(slots, slots.lend(6_000_000))
        assert where(slots, slots.lend(FRAME)) is not large
        assert where(slots, slots.lend(6_000_000)) is large

    def test_nothing_needs_no_slot(self, slots: Pool) -> None:
        assert slots.lend(0).nbytes == 0
        assert slots.stats().slots == 0
        with pytest.raises(ValueError, match="negative"):
            slots.lend(-1)

    def test_threads_never_get_the_same_slot(self, slots: Pool) -> None:
        wrong: list[str] = []

        def use(mark: int) -> None:
            for _ in range(300):
                image = array(slots.lend(FRAME))
                image[:] = mark
                if (image != mark).any():
                    wrong.append(f"{mark} found {set(image)}")

        threads = [threading.Thread(target=use, args=(mark,)) for mark in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert slots.stats().slots <= 8


class TestFinding:
    """Whose memory a buffer is."""

    def test_any_part_of_a_slot_is_found(self, slots: Pool) -> None:
        views = [slots.lend(FRAME) for _ in range(5)]
        for index, view in enumerate(views):
            part = array(view)[1000:2000].reshape(10, 100).data.cast("B")
            slot = where(slots, part)
            assert (slot.index, slot.offset_of(part)) == (index, 1000)

    def test_a_read_only_buffer_is_found_too(self, slots: Pool) -> None:
        view = slots.lend(FRAME)
        assert where(slots, view.toreadonly()).index == 0

    def test_other_memory_is_none(self, slots: Pool) -> None:
        assert slots.slot_of(memoryview(bytes(FRAME))) is None
        view = slots.lend(FRAME)
        assert slots.slot_of(np.zeros(FRAME, np.uint8).data) is None
        assert slots.slot_of(memoryview(bytes(FRAME))) is None
        assert slots.slot_of(view[:0]) is None

    def test_a_private_copy_of_a_shared_frame_is_private(self, slots: Pool) -> None:
        image = array(slots.lend(FRAME))
        assert slots.slot_of(image.copy().data) is None


class TestGivingBack:
    """When the system gets memory back."""

    def test_trim_gives_back_what_is_free_and_nothing_else(self, slots: Pool) -> None:
        kept, other = slots.lend(FRAME), slots.lend(FRAME)
        kept[:3] = b"abc"
        size = where(slots, other).size
        del other
        assert slots.trim() == size
        assert (slots.stats().slots, slots.stats().free, bytes(kept[:3])) == (1, 0, b"abc")

    def test_connections_can_see_that_slots_were_retired(self, slots: Pool) -> None:
        slot, before = where(slots, slots.lend(FRAME)), slots.retirements
        slots.trim()
        assert (slot.retired, slots.retirements) == (True, before + 1)

    def test_indices_of_retired_slots_are_used_again_but_generations_are_not(self, slots: Pool) -> None:
        first = where(slots, slots.lend(FRAME))
        slots.trim()
        second = where(slots, slots.lend(FRAME))
        assert second is not first
        assert (second.index, second.generation > first.generation) == (first.index, True)

    def test_what_nobody_needs_for_a_while_goes_when_something_is_lent(self, slots: Pool, system: System) -> None:
        burst = [slots.lend(FRAME) for _ in range(20)]
        burst.clear()
        for second in range(3 * int(UNUSED_S)):
            system.now = float(second)
            slots.lend(FRAME)
        assert slots.stats().slots == 1

    def test_readers_that_crash_again_and_again_do_not_use_up_memory(self, slots: Pool) -> None:
        for _ in range(20):
            views = [slots.lend(FRAME) for _ in range(3)]
            for slot in [where(slots, view) for view in views]:
                slot.lease()
                slot.abandon()
            views.clear()
            assert slots.stats().slots <= 6

    def test_two_sizes_in_turn_do_not_displace_each_other(self, slots: Pool) -> None:
        for _ in range(10):
            slots.lend(6_000_000)
            slots.lend(FRAME)
        assert slots.retirements == 0

    def test_descriptors_and_memory_are_given_back(self, system: System) -> None:
        before = os.listdir("/proc/self/fd")
        slots = system.pool()
        views = [slots.lend(FRAME) for _ in range(3)]
        views.clear()
        slots.trim()
        assert os.listdir("/proc/self/fd") == before


class TestShortage:
    """When there is no more."""

    def test_memory_is_not_taken_when_that_would_leave_too_little(self, slots: Pool, system: System) -> None:
        system.available = 12 * MB
        slots.lend(MB)
        with pytest.raises(Unavailable, match=r"6\.3 MB of shared memory .* 2\.1 MB can be had .* hold fewer frames"):
            slots.lend(6_000_000)

    def test_free_slots_of_other_sizes_make_room(self, slots: Pool, system: System) -> None:
        views = [slots.lend(MB) for _ in range(6)]
        views.clear()
        system.available = 12 * MB
        trim = slots.trim

        def trimmed() -> int:
            system.available += (freed := trim())
            return freed

        slots.trim = trimmed  # type: ignore[method-assign]
        assert slots.lend(6_000_000).nbytes == 6_000_000

    def test_the_system_may_still_refuse(self, slots: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", refuse)
        with pytest.raises(Unavailable, match=r"refused 0\.1 MB of shared memory \(No space left on device\)"):
            slots.lend(FRAME)
        assert slots.stats().slots == 0

    def test_a_slot_in_hand_is_lent_however_little_memory_there_is(self, slots: Pool, system: System) -> None:
        slots.lend(FRAME)
        system.available = 0
        assert slots.lend(FRAME).nbytes == FRAME


NO_DESCRIPTORS = """
import os, resource
from framebus.core.errors import Unavailable
from framebus.memory.pool import pool
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
picture, others = pool().lend(5_000_000), []
try:
    while True:
        others.append(os.dup(0))
except OSError:
    pass
try:
    pool().lend(100_000)
except Unavailable as error:
    print(error)
del picture
print(pool().lend(100_000).nbytes, pool().stats().slots == 1)
for descriptor in others:
    os.close(descriptor)
pool().trim()
print("left", len(os.listdir("/proc/self/fd")))
"""


def test_without_descriptors_the_pool_says_so_and_makes_do_with_what_is_free(child: StartChild) -> None:
    lines = child("-c", NO_DESCRIPTORS).succeed().splitlines()
    assert "need a file descriptor, and this process has none left" in lines[0]
    assert "ulimit -n" in lines[0]
    assert lines[1] == "100000 True"
    assert int(lines[2].split()[1]) < 8


FORK = """
import os, threading, warnings
import numpy as np
from framebus.memory.pool import _Process, pool
warnings.simplefilter("ignore")
image = np.frombuffer(pool().lend(100_000), np.uint8)
image[:] = 7
free = pool().lend(100_000)
del free
parents, lock = pool(), pool()._lock
holding = threading.Event(); done = threading.Event()
def hold():
    with lock, _Process.lock:
        holding.set(); done.wait()
threading.Thread(target=hold).start()
holding.wait()
child = os.fork()
if child == 0:
    assert pool() is not parents
    assert pool().stats().slots == 0
    assert image.sum() == 700_000
    assert pool().slot_of(image.data) is None
    other = np.frombuffer(pool().lend(100_000), np.uint8)
    other[:] = 9
    del image
    mine = 0
    for name in os.listdir("/proc/self/fd"):
        try: mine += "memfd:framebus" in os.readlink(f"/proc/self/fd/{name}")
        except OSError: pass
    assert mine == 1, mine  # the parent's were closed
    print("child fine", flush=True)
    os._exit(0)
done.set()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert pool() is parents and parents.stats().slots == 2
assert image.sum() == 700_000
assert parents.slot_of(parents.lend(100_000)).index == 1
print("parent fine")
"""


def test_a_forked_child_has_a_pool_of_its_own_and_leaves_its_parents_alone(child: StartChild) -> None:
    assert child("-c", FORK).succeed().split() == ["child", "fine", "parent", "fine"]


def test_there_is_one_pool_in_a_process() -> None:
    found: list[Pool] = []
    threads = [threading.Thread(target=lambda: found.append(pool())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {pool()}


def test_where_memory_cannot_be_sealed_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    uncached: Callable[[], bool] = supported.__wrapped__
    assert uncached()
    monkeypatch.setattr(module, "sealed_file", refuse)
    assert not uncached()


def test_generations_only_grow(slots: Pool) -> None:
    seen = [where(slots, slots.lend(FRAME + 50_000 * (number % 3))).generation for number in range(10)]
    assert all(earlier < later for earlier, later in pairwise(seen))


def test_slots_leave_descriptors_for_the_rest_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.memory.pool.descriptor_limit", lambda: 8)
    own = Pool()
    held = [own.lend(100_000) for _ in range(4)]
    with pytest.raises(Crowded, match="4 pictures are in shared memory, each of which takes a file descriptor of 8"):
        own.lend(100_000)
    held.pop()
    assert own.lend(100_000).nbytes == 100_000
    held.clear()
    own.trim()
