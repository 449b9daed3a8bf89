"""Draw: what metadata says, where it says, on a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OpError, OptionError
from framebus.core.frame import Frame
from framebus.core.ops import load
from framebus.ops.marks import Box, boxes, lines
from tests.ops.pictures import Array, images, noise


def black(height: int = 200, width: int = 300, channels: int | None = 3) -> Array:
    return np.zeros((height, width) if channels is None else (height, width, channels), np.uint8)


def test_a_box_is_drawn_where_it_is() -> None:
    drawn = ops.draw(black(), {"boxes": [[100, 50, 40, 30]]}, colour="red", line=1)
    expected = black()
    expected[50:80, 100:140] = [0, 0, 255]
    expected[51:79, 101:139] = 0
    assert np.array_equal(drawn, expected)


def test_labels_stand_on_their_box_and_each_has_its_colour() -> None:
    drawn = ops.draw(black(), {"boxes": [[50, 80, 40, 30, "cat", 0.9], [180, 80, 40, 30, "dog"]]})
    assert drawn[65:79, 50:90].any()
    cat, dog = drawn[109, 60], drawn[109, 200]
    assert cat.any()
    assert not np.array_equal(cat, dog)
    again = ops.draw(black(), {"boxes": [[50, 80, 40, 30, "cat"]]})
    assert np.array_equal(again[109, 60], cat)


def test_a_label_at_the_upper_edge_stands_inside() -> None:
    drawn = ops.draw(black(), {"boxes": [[50, 0, 100, 100, "cat"]]}, text=20)
    assert drawn[4:24, 54:80].any()


def test_text_is_in_the_upper_left_corner() -> None:
    drawn = ops.draw(np.full((200, 300, 3), 128, np.uint8), {"text": ["3 people", "1 dog"]}, text=12)
    changed = np.argwhere((drawn != 128).any(axis=2))
    assert changed.min(axis=0).tolist() == [0, 0]
    assert changed.max(axis=0)[0] < 60
    one = ops.draw(np.full((200, 300, 3), 128, np.uint8), {"text": "3 people"}, text=12)
    assert np.argwhere((one != 128).any(axis=2)).max(axis=0)[0] < changed.max(axis=0)[0]


def test_a_frame_brings_its_own_metadata() -> None:
    frame = Frame.of(black(), stream="cam", run=1, seq=3, meta={"boxes": [[10, 10, 20, 20]]})
    result = load("draw=colour=white")(frame)
    assert result is not None
    assert (result.identity, result.meta) == (frame.identity, frame.meta)
    assert result.image[10, 10].tolist() == [255, 255, 255]
    assert frame.image.max() == 0


def test_colours_are_right_for_who_wants_red_first() -> None:
    frame = Frame.of(black(), format="rgb24", meta={"boxes": [[10, 10, 20, 20]]}).replace(wanted="rgb24")
    assert ops.draw(frame, colour="red").image[10, 10].tolist() == [255, 0, 0]


def test_nothing_to_draw_is_the_same_picture() -> None:
    image = black()
    assert ops.draw(image) is image
    assert ops.draw(image, {"boxes": [], "text": []}) is image
    frame = Frame.of(np.zeros((2, 2), np.float32), meta={"degrees": 20})
    assert ops.draw(frame) is frame


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_the_picture_keeps_its_kind(channels: int | None) -> None:
    image = black(channels=channels)
    drawn = ops.draw(image, {"boxes": [[10, 10, 50, 50, "x"]], "text": "y"}, colour="white")
    assert (drawn.shape, drawn.dtype) == (image.shape, image.dtype)
    assert drawn[10, 15].tolist() == np.full(image.shape[2:], 255).tolist()


# what is in metadata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "box"),
    [
        ([1, 2, 3, 4], Box(1, 2, 3, 4)),
        ((1.5, 2, 3, 4, "cat"), Box(1.5, 2, 3, 4, "cat")),
        ([1, 2, 3, 4, "cat", 0.5], Box(1, 2, 3, 4, "cat", 0.5)),
        ([1, 2, 3, 4, 0.5], Box(1, 2, 3, 4, "", 0.5)),
        ([1, 2, 3, 4, 17], Box(1, 2, 3, 4, "17")),
        ([1, 2, 3, 4, None, None], Box(1, 2, 3, 4)),
        ({"box": [1, 2, 3, 4], "label": "cat", "score": 1}, Box(1, 2, 3, 4, "cat", 1)),
        ({"box": [1, 2, 3, 4], "age": 7}, Box(1, 2, 3, 4)),
        (np.array([1, 2, 3, 4]), Box(1, 2, 3, 4)),
    ],
)
def test_boxes_are_written_in_several_ways(entry: Any, box: Box) -> None:
    assert boxes({"boxes": [entry]}) == [box]


def test_answers_of_services_are_looked_through() -> None:
    meta = {"detect": {"boxes": [[1, 2, 3, 4]], "text": "one"}, "pose": None, "seg": {"more": {"text": ["a", "b\nc"]}}}
    assert boxes(meta) == [Box(1, 2, 3, 4)]
    assert lines(meta) == ["one", "a", "b", "c"]
    assert boxes({"boxes": {"boxes": np.ones((2, 4))}}) == [Box(1, 1, 1, 1)] * 2


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (7, r"meta\['boxes'\] is no list of boxes"),
        ("cat", r"meta\['boxes'\] is no list of boxes"),
        ([7], r"meta\['boxes'\]\[0\] is no box: 7"),
        ([[1, 2, 3]], "is no box"),
        ([[1, 2, 3, "x"]], "is no box"),
        ([[1, 2, 3, float("nan")]], "is no box"),
        ([[1, 2, 3, 4, "cat", 0.9, "more"]], "is no box"),
        ([[1, 2, 3, 4, "cat", "sure"]], "is no box"),
        ([{"label": "cat"}], "is no box"),
    ],
)
def test_what_is_no_box_is_named(found: Any, says: str) -> None:
    with pytest.raises(BadFrame, match=says):
        ops.draw(black(), {"boxes": found})


def test_the_error_in_a_pipe_names_the_frame_and_the_box() -> None:
    frame = Frame.of(black(), stream="cam", seq=5, meta={"det": {"boxes": [[1]]}})
    with pytest.raises(OpError, match=r"draw failed on frame 5 of cam: .*meta\['det'\]\['boxes'\]\[0\]"):
        load("draw")(frame)


def test_only_uint8_can_be_drawn_on() -> None:
    with pytest.raises(BadFrame, match="draw works on uint8, not on float32: put normalise or window before it"):
        ops.draw(np.zeros((4, 4), np.float32), {"text": "x"})
    with pytest.raises(BadFrame, match="4 channels, not on 5"):
        ops.draw(black(channels=5), {"text": "x"})


numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
labels = st.one_of(st.none(), st.text(), st.characters(categories=["Cs"]))


@given(images(("uint8",), channels=(None, 1, 3)), st.lists(st.tuples(numbers, numbers, numbers, numbers, labels)))
def test_nothing_in_metadata_crashes_it(image: Array, found: list[Any]) -> None:
    before = image.copy()
    texts = [str(one[4]) for one in found]
    drawn = ops.draw(image, {"boxes": found, "text": texts}, text=9)
    assert (drawn.shape, drawn.dtype) == (image.shape, image.dtype)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("arguments", [{"colour": "rd"}, {"line": -1}, {"text": 0.5}])
def test_bad_arguments_say_what_is_allowed(arguments: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"^draw: "):
        ops.draw(noise(4, 4), **arguments)
