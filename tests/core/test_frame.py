"""Frames are immutable, know what they are, and show their pixels alike whatever carries them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core import clock
from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META, Coded, Frame, Identity, Packet

Array = npt.NDArray[Any]
COLOUR = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


class Doubled:
    """Half the pixels, coded as themselves."""

    encoding = "doubled"
    dtype = np.dtype(np.uint8)
    shape = (2, 4, 3)

    def __init__(self) -> None:
        self.decoded = 0

    @property
    def data(self) -> memoryview:
        return memoryview(COLOUR[:1].tobytes())

    def decode(self) -> Array:
        self.decoded += 1
        return np.concatenate([COLOUR[:1], COLOUR[:1]])


class TestMaking:
    def test_guesses_the_format_and_stamps_the_time(self) -> None:
        before = clock.utc_ns()
        frame = Frame.of(COLOUR)
        assert frame.format == "bgr24"
        assert before <= frame.captured_ns <= clock.utc_ns()
        assert 0 < frame.captured_mono_ns <= clock.mono_ns()
        assert frame.clock == clock.boot_id()
        assert 0 <= frame.age_s < 60

    def test_takes_another_time_without_a_clock(self) -> None:
        frame = Frame.of(COLOUR, captured_ns=5)
        assert (frame.captured_ns, frame.captured_mono_ns, frame.clock) == (5, 0, "")

    def test_copies_nothing(self) -> None:
        assert np.shares_memory(Frame.of(COLOUR).data, COLOUR)

    def test_has_an_identity(self) -> None:
        assert Frame.of(COLOUR, stream="door", run=5, seq=7).identity == Identity("door", 5, 7)

    def test_refuses_a_format_that_does_not_fit(self) -> None:
        with pytest.raises(BadFrame, match=r"shape \(2, 4, 3\) and type uint8 is not gray8"):
            Frame.of(COLOUR, format="gray8")

    def test_refuses_objects(self) -> None:
        with pytest.raises(BadFrame, match="only numbers travel"):
            Frame.of(np.array([object()]))

    def test_has_no_meta_unless_given(self) -> None:
        assert Frame.of(COLOUR).meta is NO_META
        with pytest.raises(TypeError):
            NO_META["x"] = 1  # type: ignore[index]


class TestPixels:
    def test_cannot_be_written(self) -> None:
        frame = Frame.of(COLOUR.copy(), arrays={"depth": np.zeros(2)})
        for array in (frame.data, frame.image, frame.bgr, frame.rgb, frame.gray, frame.arrays["image"]):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0

    def test_the_sender_s_own_array_stays_writable(self) -> None:
        mine = COLOUR.copy()
        assert not Frame.of(mine).data.flags.writeable
        assert mine.flags.writeable

    def test_a_copy_is_for_drawing(self) -> None:
        frame = Frame.of(COLOUR)
        drawing = frame.copy()
        drawing[:] = 0
        assert frame.image.any()

    def test_colour_is_shown_as_bgr(self) -> None:
        frame = Frame.of(COLOUR, format="rgb24")
        assert np.array_equal(frame.image, COLOUR[..., ::-1])
        assert np.array_equal(frame.data, COLOUR)
        assert np.array_equal(frame.rgb, COLOUR)
        assert frame.image is frame.image

    @pytest.mark.parametrize(
        "array", [np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint8), np.zeros(5, np.float32)]
    )
    def test_all_else_is_shown_as_made(self, array: Array) -> None:
        assert np.shares_memory(Frame.of(array).image, array)

    @pytest.mark.parametrize(("wanted", "channel"), [("rgb24", 2), ("bgr24", 0), ("native", 0)])
    def test_a_reader_may_want_another_format(self, wanted: str, channel: int) -> None:
        assert Frame.of(COLOUR).replace(wanted=wanted).image[0, 0, 0] == channel

    def test_gray_keeps_its_depth(self) -> None:
        assert Frame.of(np.zeros((2, 2), np.uint16)).gray.dtype == np.uint16
        assert Frame.of(COLOUR).gray.shape == (2, 4)

    def test_an_array_has_no_colour(self) -> None:
        with pytest.raises(BadFrame, match="do not convert to bgr24"):
            _ = Frame.of(np.zeros(5)).bgr


class TestCodedFrames:
    def test_are_decoded_once_when_looked_at(self) -> None:
        content = Doubled()
        assert isinstance(content, Coded)
        frame = Frame.of(content)
        assert (frame.shape, frame.format, frame.nbytes) == ((2, 4, 3), "bgr24", 12)
        assert frame.dtype == np.uint8
        assert content.decoded == 0
        assert np.array_equal(frame.image, frame.data)
        assert frame.data[1, 0, 0] == 0
        assert content.decoded == 1


class TestSeveralArrays:
    def test_travel_in_one_frame(self) -> None:
        depth = np.ones((2, 4), np.float32)
        frame = Frame.of(COLOUR, arrays={"depth": depth})
        assert frame.arrays["depth"] is depth
        assert np.array_equal(frame.arrays["image"], COLOUR)
        assert frame.nbytes == 24 + 32


class TestChanging:
    def test_is_refused(self) -> None:
        with pytest.raises(AttributeError, match="immutable"):
            Frame.of(COLOUR).seq = 5  # type: ignore[misc]

    def test_makes_another_frame_of_the_same_pixels(self) -> None:
        frame = Frame.of(COLOUR, seq=1)
        other = frame.replace(seq=2)
        assert (frame.seq, other.seq) == (1, 2)
        assert other.content is frame.content


class TestPackets:
    def test_have_identity_age_and_size_but_no_picture(self) -> None:
        packet = Packet(
            data=memoryview(b"12345"),
            codec="h264",
            key=True,
            pts=0,
            dts=0,
            stream="cam",
            run=1,
            seq=2,
            captured_ns=clock.utc_ns(),
        )
        assert packet.identity == Identity("cam", 1, 2)
        assert packet.nbytes == 5
        assert packet.age_s < 60
        assert packet.replace(seq=3).identity.seq == 3
        assert not hasattr(packet, "image")

    @pytest.mark.parametrize("name", ["image", "bgr", "shape", "copy", "arrays"])
    def test_say_what_to_do_for_pictures(self, name: str) -> None:
        packet = Packet(data=memoryview(b"12345"), codec="h264", key=True, pts=0, dts=0)
        with pytest.raises(
            AttributeError, match=rf"no {name}: it is coded video \(h264\).*packets=True.*the op decode"
        ):
            getattr(packet, name)
        with pytest.raises(AttributeError, match="a Packet has no attribute 'ket'"):
            packet.ket  # type: ignore[attr-defined]  # noqa: B018


class TestMistakenForAnArray:
    @pytest.mark.parametrize(
        "mistake", [np.asarray, np.mean, list, lambda frame: frame[0, 0], lambda frame: 0 in frame]
    )
    def test_it_says_where_the_picture_is(self, mistake: Callable[[Any], Any]) -> None:
        with pytest.raises(TypeError, match=r"a Frame is no array: its picture is frame\.image"):
            mistake(Frame.of(COLOUR))


def test_it_says_what_it_is_on_one_line() -> None:
    frame = Frame.of(np.zeros((4, 6, 3), np.uint8), stream="cam", seq=7, run=1)
    assert repr(frame) == "<Frame 7 of cam: 6x4x3 uint8 bgr24>"
    packet = Packet(data=memoryview(b"abc"), codec="h264", key=True, pts=0, dts=0, stream="cam", seq=7)
    assert repr(packet) == "<Packet 7 of cam: h264, 3 bytes, a key frame>"
