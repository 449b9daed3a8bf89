"""What a connection keeps of leases and mappings, without its socket."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest

from framebus.core.errors import BadFrame
from framebus.memory.borrowing import MANY, MAX_LEASES, MAX_SLOT_BYTES, MAX_SLOTS, Borrowing
from framebus.memory.lending import MAX_SHOWN, Lending
from framebus.memory.placing import place
from framebus.memory.pool import Pool, pool, supported
from framebus.memory.slot import Slot

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

FRAME = 100_000
SIZE = 1 << 16


@pytest.fixture
def slots() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.trim()


def where(pool: Pool, view: memoryview) -> Slot:
    slot = pool.slot_of(view)
    assert slot is not None
    return slot


class TestLending:
    """The side that owns the memory."""

    def test_a_slot_is_shown_once_to_each_peer(self, slots: Pool) -> None:
        slot = where(slots, view := slots.lend(FRAME))
        first, second = Lending(), Lending()
        assert [first.lend(slot, b"a"), first.lend(slot, b"b"), second.lend(slot, b"a")] == [True, False, True]
        assert slot.leases == 3
        del view
        first.close()
        second.close()

    def test_a_lease_ends_once(self, slots: Pool) -> None:
        slot = where(slots, view := slots.lend(FRAME))
        lending = Lending()
        lending.lend(slot, b"a")
        lending.lend(slot, b"a")
        for expected in (1, 0, 0):
            lending.end(b"a")
            assert slot.leases == expected
        lending.end(b"never lent")
        del view
        assert not slot.abandoned

    def test_with_the_connection_all_leases_end_and_their_slots_have_no_further_use(self, slots: Pool) -> None:
        views = [slots.lend(FRAME) for _ in range(3)]
        lending = Lending()
        for number, view in enumerate(views):
            lending.lend(where(slots, view), bytes([number]))
        lending.end(b"\1")
        lending.close()
        lending.close()
        assert slots.stats().leases == 0
        assert [where(slots, view).abandoned for view in views] == [True, False, True]

    def test_what_was_not_heard_was_not_lent(self, slots: Pool) -> None:
        slot = where(slots, view := slots.lend(FRAME))
        lending = Lending()
        lending.lend(slot, b"a")
        lending.unlend(slot, b"a")
        assert slot.leases == 0
        assert lending.lend(slot, b"a")
        lending.end(b"a")
        del view

    def test_peers_are_told_once_which_slots_were_retired(self, slots: Pool) -> None:
        lending = Lending()
        first, second = slots.lend(FRAME), slots.lend(FRAME)
        lending.lend(where(slots, first), b"a")
        lending.lend(where(slots, second), b"b")
        assert lending.outdated(slots) == []
        lending.end(b"a")
        del first
        slots.trim()
        assert lending.outdated(slots) == [0]
        assert lending.outdated(slots) == []
        lending.close()

    def test_a_peer_is_not_shown_too_many_slots_at_a_time(self, slots: Pool) -> None:
        lending = Lending()
        views, outdated = [], []
        for number in range(MAX_SHOWN + 3):
            views.append(slots.lend(20_000))
            outdated += lending.outdated(slots)
            lending.lend(where(slots, views[-1]), number.to_bytes(4, "little"))
        assert outdated == [0, 1, 2]
        assert lending.lend(where(slots, views[0]), b"again")
        lending.close()


class TestBorrowing:
    """The side that looks."""

    @pytest.fixture
    def slot(self) -> Iterator[Slot]:
        made = Slot(0, SIZE)
        made.window(SIZE)[:] = bytes(range(256)) * 256
        yield made
        made.close()

    @pytest.fixture
    def borrowing(self, slot: Slot) -> Borrowing:
        made = Borrowing(lambda: None)
        made.show(0, os.dup(slot.descriptor), SIZE)
        return made

    def test_tokens_of_ended_views_wait_to_be_sent(self, borrowing: Borrowing) -> None:
        views = [borrowing.take(bytes([number]), 0, number, 10) for number in range(3)]
        assert [view[0] for view in views] == [0, 1, 2]
        del views[1]
        assert list(borrowing.returned) == [b"\1"]

    def test_many_of_them_are_told(self, slot: Slot) -> None:
        told: list[int] = []
        borrowing = Borrowing(lambda: told.append(len(borrowing.returned)))
        borrowing.show(0, os.dup(slot.descriptor), SIZE)
        views = [borrowing.take(b"t", 0, 0, 10) for _ in range(MANY)]
        views.clear()
        assert told == [MANY]

    def test_one_slot_less_than_all_is_in_place_and_the_rest_are_copies(self, slot: Slot, borrowing: Borrowing) -> None:
        views = [borrowing.take(bytes([number]), 0, 0, 10) for number in range(MAX_LEASES + 5)]
        assert list(borrowing.returned) == [bytes([number]) for number in range(MAX_LEASES - 1, MAX_LEASES + 5)]
        slot.window(SIZE)[0] = 99
        assert [view[0] for view in views] == [99] * (MAX_LEASES - 1) + [0] * 6
        assert all(view.readonly for view in views)
        with pytest.raises(ValueError, match="WRITEABLE"):
            np.frombuffer(views[-1], np.uint8).flags.writeable = True
        del views[0]
        assert borrowing.take(b"n", 0, 0, 10)[0] == 99

    def test_a_slot_that_was_forgotten_stays_for_views_and_is_not_to_be_had_any_more(
        self, borrowing: Borrowing
    ) -> None:
        view = borrowing.take(b"t", 0, 5, 10)
        borrowing.forget(0)
        borrowing.forget(0)
        assert view[0] == 5
        with pytest.raises(BadFrame, match="has not shown"):
            borrowing.take(b"t", 0, 5, 10)

    def test_views_outlive_the_connection(self, borrowing: Borrowing) -> None:
        view = borrowing.take(b"t", 0, 5, 10)
        borrowing.close()
        assert view[0] == 5

    def test_nobody_needs_so_many_or_so_large_slots(self, slot: Slot, borrowing: Borrowing) -> None:
        with pytest.raises(BadFrame, match="more memory than anybody needs"):
            borrowing.show(1, os.dup(slot.descriptor), MAX_SLOT_BYTES + 1)
        for index in range(MAX_SLOTS):
            borrowing.show(index, os.dup(slot.descriptor), SIZE)
        with pytest.raises(BadFrame, match="more memory than anybody needs"):
            borrowing.show(MAX_SLOTS, os.dup(slot.descriptor), SIZE)
        borrowing.show(5, os.dup(slot.descriptor), SIZE)  # another one under a known number is no more than before


class TestPlacing:
    """Getting bytes into shared memory."""

    def test_what_is_there_already_is_not_copied(self) -> None:
        image = np.frombuffer(pool().lend(FRAME), np.uint8)
        found = place(image[100:].data.toreadonly())
        assert (found.slot, found.offset, found.view) == (pool().slot_of(image.data), 100, None)

    def test_anything_else_is_copied_into_a_slot_that_stays_while_its_place_does(self) -> None:
        image = np.arange(FRAME, dtype=np.uint8)
        found = place(image.data)
        assert found.view is not None
        assert (bytes(found.view), found.offset) == (image.tobytes(), 0)
        slot = found.slot
        assert pool().stats().free == pool().stats().slots - 1
        del found
        assert slot.free

    def test_memory_of_another_process_is_copied_like_any_other(self) -> None:
        theirs = Slot(0, SIZE)
        borrowing = Borrowing(lambda: None)
        borrowing.show(0, os.dup(theirs.descriptor), SIZE)
        found = place(borrowing.take(b"t", 0, 0, SIZE))
        assert found.slot is not theirs
        assert list(borrowing.returned) == [b"t"]
        theirs.close()
