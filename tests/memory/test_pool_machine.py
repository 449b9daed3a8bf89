"""Whatever happens in whatever order: no two live users share a slot, none is lost, generations only grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from framebus.memory.pool import Pool, supported
from framebus.memory.slot import Slot

DERIVE: list[Callable[[Any], Any]] = [
    lambda view: view[1:],
    lambda view: np.frombuffer(view, np.uint8),
    lambda view: np.frombuffer(view, np.uint8)[::2].T,
    lambda view: np.frombuffer(view, np.uint8).data,
    lambda view: memoryview(view).toreadonly(),
]


@dataclass
class Use:
    """One use of a slot as its users see it."""

    slot: Slot
    generation: int
    mark: int
    views: list[Any] = field(default_factory=list)
    leases: int = 0


class Users(RuleBasedStateMachine):
    """Programs and connections that use one pool."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.left = 3_000_000
        self.pool = Pool(lambda: self.left, lambda: 0, lambda: self.now)
        self.uses: list[Use] = []
        self.abandoned: list[Slot] = []
        self.newest = 0

    def some(self, number: int) -> Use:
        return self.uses[number % len(self.uses)]

    def over(self, use: Use) -> None:
        if not use.views and not use.leases:
            self.uses.remove(use)

    @rule(nbytes=st.sampled_from([1, 5_000, 65_536, 65_537, 100_000, 140_000, 300_000]))
    def lend(self, nbytes: int) -> None:
        view = self.pool.lend(nbytes)
        slot = self.pool.slot_of(view)
        assert slot is not None
        assert view.nbytes == nbytes
        assert slot.generation > self.newest
        assert not any(use.slot is slot for use in self.uses)
        assert not any(slot is other for other in self.abandoned)
        self.newest = slot.generation
        mark = self.newest % 251
        view[:] = bytes([mark]) * nbytes
        self.uses.append(Use(slot, slot.generation, mark, [view]))

    @precondition(lambda self: any(use.views for use in self.uses))
    @rule(number=st.integers(0, 99), derive=st.sampled_from(DERIVE))
    def derive(self, number: int, derive: Callable[[Any], Any]) -> None:
        use = self.some(number)
        views = [memoryview(view) for view in use.views]
        use.views += [derive(view) for view in views[:1] if view.c_contiguous]

    @precondition(lambda self: self.uses)
    @rule(number=st.integers(0, 99), which=st.integers(0, 99))
    def drop_a_view(self, number: int, which: int) -> None:
        use = self.some(number)
        if use.views:
            del use.views[which % len(use.views)]
            self.over(use)

    @precondition(lambda self: self.uses)
    @rule(number=st.integers(0, 99))
    def lease(self, number: int) -> None:
        use = self.some(number)
        if use.views:
            use.slot.lease()
            use.leases += 1

    @precondition(lambda self: self.uses)
    @rule(number=st.integers(0, 99), abandon=st.booleans())
    def end_a_lease(self, number: int, abandon: bool) -> None:
        use = self.some(number)
        if use.leases:
            use.leases -= 1
            if abandon:
                use.slot.abandon()
                self.abandoned.append(use.slot)
            else:
                use.slot.release()
            self.over(use)

    @rule(seconds=st.sampled_from([0.1, 5.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def trim(self) -> None:
        self.pool.trim()
        assert self.pool.stats().slots == len(self.uses)

    @invariant()
    def nothing_in_use_was_overwritten(self) -> None:
        for use in self.uses:
            assert use.slot.generation == use.generation
            for view in use.views:
                assert (np.asarray(view) == use.mark).all()

    @invariant()
    def no_slot_is_lost(self) -> None:
        stats = self.pool.stats()
        assert stats.slots - stats.free == len(self.uses)
        assert stats.leases == sum(use.leases for use in self.uses)

    def _end(self, use: Use) -> None:
        for _ in range(use.leases):
            use.slot.release()

    def teardown(self) -> None:
        while self.uses:
            self._end(self.uses.pop())
        self.pool.trim()
        assert self.pool.stats().slots == 0


Users.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestUsers = pytest.mark.skipif(not supported(), reason="memory files are Linux's")(Users.TestCase)
