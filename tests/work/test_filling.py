"""Small frames that come quickly travel together; whatever else comes is on its way at once."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.wire.encodings import EncodedImage
from framebus.work.filling import (
    HOLD_S,
    MOST_BYTES,
    MOST_FRAMES,
    QUICK_S,
    SMALL_BYTES,
    TARGET_S,
    AsTheyCome,
    InBatches,
    size,
)

SMALL, LARGE, ALMOST_LARGE = 3072, SMALL_BYTES + 1, SMALL_BYTES


def learnt(each_s: float) -> AsTheyCome:
    """It knows how long a frame takes, and the source is quick."""
    filling = AsTheyCome(2)
    filling.learn(1, each_s)
    assert filling.full(SMALL, 0.0)
    filling.sent(0.0)
    return filling


def messages(filling: AsTheyCome, nbytes: int, times: list[float]) -> list[int]:
    """How many frames each message holds, of frames that come at `times`."""
    sizes, waiting = [], 0
    for now in times:
        if not filling.fits(nbytes):
            sizes.append(waiting)
            filling.sent(now)
            waiting = 0
        waiting += 1
        if filling.full(nbytes, now):
            sizes.append(waiting)
            filling.sent(now)
            waiting = 0
    return [*sizes, waiting] if waiting else sizes


def test_each_frame_goes_alone_until_it_is_known_how_long_they_take() -> None:
    assert messages(AsTheyCome(2), SMALL, [0.0] * 5) == [1] * 5


def test_frames_that_come_quickly_and_take_nothing_travel_together() -> None:
    assert messages(learnt(1e-6), SMALL, [0.0] * 2 * MOST_FRAMES) == [MOST_FRAMES] * 2


def test_a_message_takes_its_worker_no_longer_than_the_target() -> None:
    assert messages(learnt(TARGET_S / 5), SMALL, [0.0] * 10) == [5, 5]


def test_frames_that_take_long_go_alone() -> None:
    assert messages(learnt(TARGET_S), SMALL, [0.0] * 3) == [1, 1, 1]


def test_it_follows_what_frames_take_now() -> None:
    filling = learnt(1e-6)
    filling.learn(64, 64.0)
    assert messages(filling, SMALL, [0.0] * 3) == [1, 1, 1]


def test_frames_of_a_slow_source_are_on_their_way_at_once() -> None:
    times = [at * 2 * QUICK_S for at in range(2, 7)]
    assert messages(learnt(1e-6), SMALL, times) == [1] * 5


def test_one_pause_in_a_quick_source_is_not_taken_for_its_own() -> None:
    """Whoever takes results holds it up as well."""
    quick = [at * QUICK_S / 100 for at in range(1, 9)]
    assert messages(learnt(1e-6), SMALL, [*quick, *(1.0 + at for at in quick)]) == [9, 7]


def test_no_frame_waits_for_others_for_long() -> None:
    filling = learnt(1e-6)
    times = [at * QUICK_S * 0.9 for at in range(1, 40)]
    sizes = messages(filling, SMALL, times)
    assert max(sizes) == -(-HOLD_S // (QUICK_S * 0.9)) + 1
    assert filling.overdue(inf), "somebody waits: begin with the rest"
    assert not filling.overdue(times[-1])
    assert filling.overdue(times[-1] + HOLD_S)


def test_nothing_is_overdue_where_nothing_waits() -> None:
    assert not AsTheyCome(2).overdue(inf)


def test_a_large_frame_goes_alone_and_lets_small_ones_go_before() -> None:
    filling = learnt(1e-6)
    assert not filling.full(SMALL, 0.0)
    assert not filling.fits(LARGE)
    filling.sent(0.0)
    assert filling.fits(LARGE)
    assert filling.full(LARGE, 0.0)


def test_all_arrays_of_a_frame_count() -> None:
    several = Frame.of(np.zeros((4, 4), np.uint8), arrays={"depth": np.zeros(SMALL_BYTES, np.uint8)})
    assert size(several) == SMALL_BYTES + 16


def test_an_encoded_picture_counts_as_what_it_is_decoded_to() -> None:
    image = EncodedImage("jpeg", memoryview(b"\xff\xd8\xff"), (40, 30, 3), np.dtype("u2"), "bgr24")
    assert size(Frame.of(image, format="array")) == 40 * 30 * 3 * 2


def test_a_message_has_a_most_of_bytes() -> None:
    sizes = messages(learnt(1e-6), ALMOST_LARGE, [0.0] * 2 * MOST_FRAMES)
    assert max(sizes) == MOST_BYTES // SMALL_BYTES


def test_batches_are_as_large_as_was_asked_for_however_long_that_takes() -> None:
    filling = InBatches(3)
    assert [filling.full(LARGE, now) for now in (0.0, 100.0, 200.0)] == [False, False, True]
    filling.sent(200.0)
    assert filling.fits(LARGE)
    assert not filling.full(LARGE, 300.0)
    assert not filling.overdue(inf)


@pytest.mark.parametrize("nbytes", [SMALL, LARGE, ALMOST_LARGE])
@given(st.lists(st.floats(0, 0.01), max_size=200), st.floats(1e-7, 1.0))
def test_every_frame_travels_once(nbytes: int, gaps: list[float], each_s: float) -> None:
    times = np.cumsum(gaps).tolist()
    sizes = messages(learnt(each_s), nbytes, times)
    assert sum(sizes) == len(times)
    assert all(1 <= size <= MOST_FRAMES for size in sizes)
