"""What people hand over instead of an address: a stack of arrays is a source, anything else is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import AddressError, BadFrame, OptionError
from tests.verbs.makers import Fed, Kept


@pytest.fixture
def stack() -> Any:
    return np.arange(5 * 4 * 6, dtype=np.uint16).reshape(5, 4, 6)


def test_a_stack_is_piped_picture_by_picture(stack: Any, tmp_path: Path) -> None:
    assert fb.pipe(stack, tmp_path / "stack.tif").frames == 5
    with fb.open(tmp_path / "stack.tif") as recording:
        assert np.array_equal([frame.image for frame in recording], stack)


def test_who_makes_pictures_one_by_one_may_use_one_array_for_all(tmp_path: Path) -> None:
    def made() -> Iterator[Any]:
        image = np.zeros((4, 6), np.uint16)
        for number in range(20):
            image[:] = number
            yield image

    fb.pipe(made(), tmp_path / "run.h5", compress="lz4")
    with fb.open(tmp_path / "run.h5") as recording, fb.open(made()) as source:
        assert [int(frame.image.max()) for frame in recording] == list(range(20))
        assert [int(frame.image.max()) for frame in list(source)] == list(range(20))


def test_a_source_of_the_callers_stays_open_when_it_was_piped() -> None:
    with fb.open(np.zeros((5, 4, 6), np.uint8)) as source:
        fb.pipe(source, "null:", frames=2)
        assert [frame.seq for frame in source] == [2, 3, 4]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (0, "0 is no source: a webcam is 'camera:0'"),
        (None, "a NoneType gives no frames: give an address"),
        (Fed, "the class Fed gives no frames"),
    ],
)
def test_what_gives_no_frames_is_refused_when_it_is_opened(given: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        fb.open(given)


def test_addresses_in_a_list_are_not_taken_for_pictures() -> None:
    with fb.open(["a.jpg", "b.jpg"]) as source, pytest.raises(BadFrame, match=r"'a.jpg' is text.*open\('a', 'b'\)"):
        source.read()


def test_pictures_in_place_of_the_address_are_refused(stack: Any) -> None:
    with pytest.raises(AddressError, match="a ndarray is no address: give text such as"):
        fb.publish(stack)


class Bare:
    """A source as people first write it: of arrays."""

    name = "bare"

    def __init__(self, live: bool) -> None:
        self.live = live

    def __iter__(self) -> Any:
        yield np.zeros((4, 6), np.uint8)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("live", [True, False])
def test_a_source_that_gives_arrays_is_told_what_to_give(live: bool) -> None:
    with fb.open(Bare(live), timeout=20) as source, pytest.raises(BadFrame, match=r"bare gave a ndarray: .* Frame\.of"):
        source.read()


def test_the_class_of_a_source_or_sink_is_neither(stack: Any) -> None:
    with pytest.raises(OptionError, match="the class Declared gives no frames"):
        fb.open(Declared)  # type: ignore[call-overload]
    with pytest.raises(OptionError, match="the class Kept takes no frames"):
        fb.pipe(stack, Kept)  # type: ignore[arg-type]


class Declared(Bare):
    """All it takes, in the class already."""

    live = False
