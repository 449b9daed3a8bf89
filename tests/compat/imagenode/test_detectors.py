"""Light and motion, as pure functions of gray pictures and as states that change only when it lasts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.compat.imagenode.debounce import Changes
from framebus.compat.imagenode.light import Light, share_lit
from framebus.compat.imagenode.motion import Motion, blur, share_changed

Array = npt.NDArray[Any]


def gray(level: int, shape: tuple[int, int] = (48, 64)) -> Array:
    return np.full(shape, level, np.uint8)


def with_square(at: int, size: int = 16) -> Array:
    picture = gray(50)
    picture[8 : 8 + size, at : at + size] = 200
    return picture


# states ------------------------------------------------------------------------------------------------


def test_a_state_changes_when_it_was_seen_often_enough_in_a_row() -> None:
    changes = Changes({"a": 2, "b": 3}, "a")
    seen = [changes.see(word) for word in "bbabbbaab"]
    assert seen == [None, None, None, None, None, "b", None, "a", None]


def test_without_a_first_state_the_first_that_lasts_is_a_change() -> None:
    changes = Changes({"a": 2, "b": 2})
    assert [changes.see(word) for word in "abbb"] == [None, None, "b", None]


@given(st.lists(st.sampled_from("ab"), max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_every_change_was_preceded_by_enough_of_its_kind(words: list[str], a: int, b: int) -> None:
    frames = {"a": a, "b": b}
    changes = Changes(frames)
    before = None
    for number, word in enumerate(words):
        new = changes.see(word)
        if new is not None:
            assert new != before
            assert words[number + 1 - frames[new] : number + 1] == [new] * frames[new]
            before = new


# light -------------------------------------------------------------------------------------------------


def test_pixels_as_bright_as_the_threshold_count_as_lit() -> None:
    picture = gray(0, (10, 10))
    picture[:3] = 25
    assert share_lit(picture, 25) == 30
    assert share_lit(picture, 26) == 0


@pytest.mark.parametrize(("percent", "state"), [(30, "lighted"), (31, "dark")])
def test_enough_lit_pixels_make_it_lighted(percent: float, state: str) -> None:
    picture = gray(0, (10, 10))
    picture[:3] = 100
    assert Light(threshold=25, percent=percent, min_frames=1).look(picture) == state


def test_a_flash_is_no_change() -> None:
    light = Light(threshold=25, percent=50, min_frames=3)
    dark = [light.look(gray(0)) for _ in range(5)]
    flash = [light.look(gray(255)), light.look(gray(255)), light.look(gray(0))]
    lit = [light.look(gray(255)) for _ in range(4)]
    assert dark == [None, None, "dark", None, None]
    assert flash == [None] * 3
    assert lit == [None, None, "lighted", None]
    assert light.state == "lighted"


# motion ------------------------------------------------------------------------------------------------


def motion(**options: Any) -> Motion:
    usual = {"delta_threshold": 5, "min_area": 3, "min_motion_frames": 3, "min_still_frames": 4, "blur_kernel_size": 5}
    return Motion(**{**usual, **options})


def test_a_blur_spreads_a_point_and_keeps_what_is_even() -> None:
    picture = gray(0)
    picture[20, 30] = 255
    blurred = blur(picture, 15)
    assert blurred.dtype == np.float32
    assert 0 < blurred[20, 30] < 255
    assert blurred[20, 34] > 0
    assert np.all(blur(gray(77), 15) == 77)


def test_a_kernel_of_one_pixel_blurs_nothing() -> None:
    assert np.array_equal(blur(with_square(8), 1), with_square(8))


def test_pixels_that_differ_by_more_than_the_threshold_have_changed() -> None:
    before = gray(100, (10, 10)).astype(np.float32)
    now = before.copy()
    now[:2] += 5
    now[2:3] -= 6
    assert share_changed(now, before, 5) == 10
    assert share_changed(now, before, 4) == 30


def test_what_moves_for_long_enough_is_moving_and_then_still_again() -> None:
    watch = motion()
    states = [watch.look(with_square(8 + 4 * min(number, 6))) for number in range(20)]
    changes = [(number, state) for number, state in enumerate(states) if state]
    assert [state for _, state in changes] == ["moving", "still"]
    assert changes[0][0] == 3
    assert watch.state == "still"


@pytest.mark.parametrize("options", [{"delta_threshold": 200}, {"min_area": 60}, {"min_motion_frames": 50}])
def test_less_than_asked_is_no_motion(options: dict[str, float]) -> None:
    watch = motion(**options)
    assert not any(watch.look(with_square(4 * number % 40)) for number in range(20))


def test_a_new_size_is_no_motion() -> None:
    watch = motion(min_motion_frames=1)
    assert [watch.look(gray(level, (level, level))) for level in (20, 40, 60)] == [None] * 3


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30))
def test_it_never_changes_to_what_it_is(levels: list[int]) -> None:
    watch = motion(min_motion_frames=1, min_still_frames=1)
    states = ["still", *filter(None, (watch.look(gray(level, (8, 8))) for level in levels))]
    assert all(one != other for one, other in pairwise(states))
