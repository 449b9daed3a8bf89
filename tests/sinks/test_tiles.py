"""Where pictures go in a window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.sinks.window.tiles import Box, fitted, tiles

SIDE = st.integers(1, 4000)


def test_one_picture_has_the_whole_window() -> None:
    assert tiles(1, 640, 480) == [Box(0, 0, 640, 480)]


def test_four_share_it_two_by_two_and_wide_windows_side_by_side() -> None:
    assert tiles(4, 640, 480)[3] == Box(320, 240, 320, 240)
    assert [box.x for box in tiles(3, 3000, 500)] == [0, 1000, 2000]
    assert [box.y for box in tiles(3, 500, 1200)] == [0, 400, 800]


@given(count=st.integers(1, 70), width=SIDE, height=SIDE, aspect=st.floats(0.1, 10))
def test_boxes_never_overlap_nor_leave_the_window(count: int, width: int, height: int, aspect: float) -> None:
    boxes = tiles(count, width, height, aspect)
    assert len(boxes) == count
    assert all(box.x >= 0 and box.x + box.width <= width for box in boxes)
    assert all(box.y >= 0 and box.y + box.height <= height for box in boxes)
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            assert one.x >= other.x + other.width or other.x >= one.x + one.width or one.y >= other.y + other.height


@given(width=SIDE, height=SIDE, room_x=SIDE, room_y=SIDE)
def test_a_picture_is_as_large_as_can_be_undistorted_and_in_the_middle(
    width: int, height: int, room_x: int, room_y: int
) -> None:
    box = fitted(width, height, Box(7, 9, room_x, room_y))
    assert box.width <= room_x
    assert box.height <= room_y
    assert room_x - box.width <= 1 or room_y - box.height <= 1
    assert abs(box.width * height - box.height * width) <= max(width, height)
    assert abs((box.x - 7) * 2 + box.width - room_x) <= 1
