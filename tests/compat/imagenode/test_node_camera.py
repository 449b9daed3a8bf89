"""What becomes of a camera's pictures: resized, flipped, outlined, looked at, sent or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.compat.imagenode.camera_settings import CameraSettings
from framebus.compat.imagenode.detector_region import Outline, Region
from framebus.compat.imagenode.detector_settings import DetectorSettings
from framebus.compat.imagenode.node_camera import Camera
from framebus.compat.imagenode.node_messages import heartbeat, tiny
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire.encodings import from_bytes

Array = npt.NDArray[Any]
LIGHT: dict[str, float] = {"threshold": 100, "percent": 50, "min_frames": 2}


def camera(**settings: Any) -> Camera:
    return Camera("Barn", CameraSettings(label="W1", address="camera:0", **settings), "jpg")


def light(**settings: Any) -> DetectorSettings:
    return DetectorSettings(kind="light", options=LIGHT, **settings)


def frame(level: int, shape: tuple[int, ...] = (48, 64, 3)) -> Frame:
    return Frame.of(np.full(shape, level, np.uint8))


def texts(camera: Camera, *levels: int) -> list[str]:
    return [message.text for level in levels for message in camera.look(frame(level))]


def test_continuous_pictures_are_all_sent() -> None:
    assert texts(camera(view="Door", send="continuous"), 1, 2, 3) == ["Barn Door|jpg"] * 3


def test_without_a_view_the_node_is_the_name() -> None:
    assert texts(camera(send="continuous"), 1) == ["Barn|jpg"]


def test_an_event_brings_the_pictures_that_led_to_it() -> None:
    found = camera(view="Door", detectors=(light(count=2),))
    messages = [message for level in (0, 0, 1, 200, 210, 220) for message in found.look(frame(level))]
    assert [message.text for message in messages] == [
        *("Barn Door|light|dark", "Barn Door|jpg", "Barn Door|jpg"),
        *("Barn Door|light|lighted", "Barn Door|jpg", "Barn Door|jpg"),
    ]
    assert [int(message.image[0, 0, 0]) for message in messages if message.picture is not None] == [0, 0, 200, 210]


def test_two_events_of_one_moment_bring_each_picture_once() -> None:
    assert texts(camera(detectors=(light(count=2), light(count=2))), 0, 0) == [
        *("Barn|light|dark", "Barn|jpg", "Barn|jpg", "Barn|light|dark"),
    ]


def test_an_event_can_come_alone() -> None:
    assert texts(camera(detectors=(light(send="none"),)), 0, 0) == ["Barn|light|dark"]
    assert texts(camera(detectors=(light(count=0),)), 0, 0) == ["Barn|light|dark"]


def test_the_camera_can_ask_for_pictures_of_events() -> None:
    assert texts(camera(send="event", detectors=(light(send="none", count=1),)), 0, 0) == [
        *("Barn|light|dark", "Barn|jpg"),
    ]


def test_a_continuous_detector_sends_every_picture_once() -> None:
    assert texts(camera(detectors=(light(send="continuous"),)), 0, 0) == ["Barn|jpg", "Barn|jpg", "Barn|light|dark"]


def test_a_detector_sees_its_region_alone() -> None:
    found = camera(detectors=(light(send="none", region=Region.of((50, 0, 100, 50))),))
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, 32:] = 255
    assert [m.text for _ in range(2) for m in found.look(Frame.of(picture))] == ["Barn|light|lighted"]


def test_the_outline_is_drawn_on_what_is_sent_and_not_on_what_is_looked_at() -> None:
    region, outline = Region.of((25, 25, 75, 75)), Outline.of((255, 0, 0, 2))
    found = camera(send="continuous", detectors=(light(region=region, outline=outline, send="none"),))
    first, *_ = found.look(frame(0))
    drawn = np.argwhere(first.image[..., 0] == 255)
    assert drawn.min(axis=0).tolist() == [12, 16]
    assert drawn.max(axis=0).tolist() == [35, 47]
    assert not first.image[14:34, 18:46].any()
    assert [m.text for m in found.look(frame(0))] == ["Barn|jpg", "Barn|light|dark"]


def test_the_picture_is_turned_over_and_made_smaller() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:20] = 200
    prepared = camera(flip=True, width_percent=50).prepared(Frame.of(picture))
    assert prepared.shape == (20, 30, 3)
    assert not prepared[:10].any()
    assert np.all(prepared[10:] == 200)


@pytest.mark.parametrize(
    ("picture", "shape"),
    [
        (np.full((48, 64), 7, np.uint8), (48, 64)),
        (np.full((48, 64), 7 << 8, np.uint16), (48, 64)),
        (np.full((48, 64, 3), 7, np.uint8), (48, 64, 3)),
    ],
)
def test_gray_and_deep_pictures_are_pictures_too(picture: Array, shape: tuple[int, ...]) -> None:
    found = camera(send="continuous", width_percent=100, detectors=(light(send="none", outline=Outline((9, 9, 9), 1)),))
    message, *_ = found.look(Frame.of(picture))
    assert message.image.shape == shape
    assert np.all(message.image[10:20, 10:20] == 7)
    assert from_bytes(message.jpeg()).shape == shape


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadFrame, match="gray or colour"):
        list(camera(send="continuous").look(Frame.of(np.zeros((4, 4)))))


def test_events_travel_with_a_tiny_picture() -> None:
    assert from_bytes(heartbeat("Barn").jpeg()).shape == (3, 3, 3) == tiny().shape


@given(st.tuples(*[st.integers(0, 100)] * 4), st.integers(1, 300), st.integers(1, 300), st.integers(1, 100))
def test_any_region_of_any_picture_can_be_cut_and_outlined(
    corners: tuple[int, ...], height: int, width: int, line: int
) -> None:
    try:
        region = Region.of(corners)
    except ValueError:
        assert corners[0] >= corners[2] or corners[1] >= corners[3]
        return
    picture = np.zeros((height, width, 3), np.uint8)
    assert region.cut(picture).size > 0
    Outline.of((1, 2, 3, line)).draw(region, picture)
    assert picture.any()


@pytest.mark.parametrize("corners", [(10, 10, 10, 20), (20, 0, 10, 100), (0, 0, 101, 100), (-1, 0, 5, 5)])
def test_a_region_that_is_none_is_refused(corners: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the settings say what is wrong)
        Region.of(corners)
