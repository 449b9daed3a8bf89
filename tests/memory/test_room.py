"""Arrays for pixels: in shared memory while somebody shares, ordinary ones otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from framebus.core.errors import Unavailable
from framebus.memory import room
from framebus.memory.pool import Pool, pool


class Sharing:
    shares = True


@pytest.fixture
def sharer() -> Sharing:
    made = Sharing()
    room.join(made)
    return made


def in_pool(array: object) -> bool:
    return pool().slot_of(memoryview(array).cast("B")) is not None  # type: ignore[arg-type]


def test_while_nobody_shares_arrays_are_ordinary() -> None:
    assert not in_pool(room.empty((200, 200, 3)))


def test_while_somebody_shares_arrays_lie_where_others_can_look(sharer: Sharing) -> None:
    array = room.empty((200, 200), "uint16")
    assert in_pool(array)
    assert (array.shape, str(array.dtype), array.flags.writeable) == ((200, 200), "uint16", True)


def test_small_arrays_are_not_worth_it(sharer: Sharing) -> None:
    assert not in_pool(room.empty((10, 10)))


def test_who_shares_no_more_or_has_left_does_not_count(sharer: Sharing) -> None:
    sharer.shares = False
    assert not in_pool(room.empty((200, 200, 3)))
    sharer.shares = True
    room.leave(sharer)
    assert not in_pool(room.empty((200, 200, 3)))


def test_a_source_goes_on_in_ordinary_memory_where_shared_memory_is_short(
    sharer: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pool, "lend", _short)
    assert room.empty((200, 200, 3)).shape == (200, 200, 3)
    with pytest.raises(Unavailable):
        room.shared((200, 200, 3), np.dtype("uint8"))


def _short(self: Pool, nbytes: int) -> memoryview:
    raise Unavailable("short")
