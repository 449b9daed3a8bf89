"""A frame's pixels are put where every worker sees them, once."""

from __future__ import annotations

import numpy as np
import pytest

from framebus.core.errors import Unavailable
from framebus.core.frame import Array, Frame
from framebus.memory.pool import pool, supported
from framebus.wire.encodings import encode
from framebus.wire.layout import bytes_of
from framebus.work.sharing import shared

pytestmark = pytest.mark.skipif(not supported(), reason="this system shares no memory")


def large(value: int = 3) -> Array:
    return np.full((300, 200, 3), value, np.uint8)


def in_shared_memory(frame: Frame) -> bool:
    return pool().slot_of(bytes_of(frame.data)) is not None


def test_pixels_are_copied_into_shared_memory_and_stay_as_they_are() -> None:
    image = large()
    frame = shared(Frame.of(image, stream="cam", run=7, seq=5))
    image[:] = 9
    assert in_shared_memory(frame)
    assert (frame.data == 3).all()
    assert frame.stream == "cam"
    assert isinstance(frame.content, np.ndarray)
    assert not frame.content.flags.writeable


def test_what_is_there_already_is_not_copied_again() -> None:
    frame = shared(Frame.of(large()))
    assert shared(frame) is frame


def test_a_strided_picture_is_copied_as_it_is_seen() -> None:
    frame = shared(Frame.of(large()[::2, ::-1]))
    assert frame.shape == (150, 200, 3)
    assert in_shared_memory(frame)


def test_small_pictures_travel_in_messages() -> None:
    frame = Frame.of(np.zeros((8, 8), np.uint8))
    assert shared(frame) is frame


def test_an_encoded_picture_is_decoded_once_for_all() -> None:
    frame = encode(Frame.of(large()), "png")
    ready = shared(frame)
    assert isinstance(ready.content, np.ndarray)
    assert (ready.content == 3).all()
    assert ready.format == "bgr24"


def test_without_shared_memory_each_link_makes_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
        raise Unavailable("full")

    monkeypatch.setattr("framebus.memory.room.shared", refused)
    image = large()
    assert shared(Frame.of(image)).content is image
