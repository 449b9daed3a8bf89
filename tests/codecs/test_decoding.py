"""Coded video becomes pictures: each at once and with its own time, and none that is broken passes for good."""

from __future__ import annotations

import logging
import random

import numpy as np
import pytest

from framebus.codecs import contexts
from framebus.codecs.decoding import Decoder
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.sources.cameras.shaping import Shape
from framebus.sources.cameras.treating import Pictures
from framebus.wire.encodings import EncodedImage
from tests.sources.cameras.coded import jpeg, jpeg_packet, number_in, packets, picture

CODECS = pytest.mark.parametrize("codec", ["h264", "h265"])


def decoded(coded: list[Packet], decoder: Decoder | None = None) -> list[Frame]:
    decoder = decoder or Decoder()
    return [frame for packet in coded for frame in decoder.decode(packet)]


def broken(packet: Packet, seed: int = 1) -> Packet:
    """With its second half replaced by noise."""
    data = bytearray(packet.data)
    half = len(data) // 2
    data[half:] = random.Random(seed).randbytes(len(data) - half)
    return packet.replace(data=memoryview(bytes(data)))


class TestEveryPicture:
    @CODECS
    def test_comes_with_its_own_packet(self, codec: str) -> None:
        decoder = Decoder()
        for packet in packets(25, codec=codec):
            (frame,) = decoder.decode(packet)
            assert number_in(frame) == packet.seq
            assert frame.identity == packet.identity
            assert (frame.captured_ns, frame.captured_mono_ns) == (packet.captured_ns, packet.captured_mono_ns)
            assert frame.clock == packet.clock
            assert not frame.meta

    def test_is_carried_as_planes(self) -> None:
        frame = decoded(packets(1))[0]
        assert (frame.format, frame.shape) == ("i420", (144, 128))

    @CODECS
    def test_keeps_its_time_where_pictures_are_shown_in_another_order(self, codec: str) -> None:
        frames = decoded(packets(25, codec=codec, b_frames=2))
        assert [number_in(frame) for frame in frames] == list(range(len(frames)))
        assert [frame.captured_ns - 10**18 for frame in frames] == [10**6 * n for n in range(len(frames))]
        assert len(frames) >= 20

    def test_the_size_may_change(self) -> None:
        frames = decoded([*packets(5), *packets(5, size=(192, 144))])
        assert [frame.image.shape for frame in frames] == [(96, 128, 3)] * 5 + [(144, 192, 3)] * 5

    def test_the_codec_may_change(self) -> None:
        frames = decoded([*packets(3), *packets(3, codec="h265"), jpeg_packet(jpeg(9))])
        assert [number_in(frame) for frame in frames] == [0, 1, 2, 0, 1, 2, 9]

    def test_parameter_sets_may_come_apart_from_the_pictures(self) -> None:
        coded = packets(3)
        data = bytes(coded[0].data)
        start = data.index(b"\0\0\1\x65")
        bare = coded[0].replace(data=memoryview(b"\0" + data[start:]), config=data[:start])
        assert [number_in(frame) for frame in decoded([bare, *coded[1:]])] == [0, 1, 2]


class TestAfterALoss:
    def test_nothing_is_shown_before_the_first_key_frame(self) -> None:
        assert [number_in(frame) for frame in decoded(packets(25, gop=10)[3:])] == list(range(10, 25))

    @CODECS
    def test_nothing_is_shown_before_the_next_key_frame(self, codec: str) -> None:
        coded = packets(25, codec=codec, gop=10)
        coded[13] = coded[13].replace(missed=1)
        del coded[12]
        frames = decoded(coded)
        assert [number_in(frame) for frame in frames] == [*range(12), *range(20, 25)]
        assert [frame.missed for frame in frames] == [0] * 12 + [1] + [0] * 4
        assert not any(frame.meta for frame in frames)

    def test_a_packet_marked_damaged_is_a_loss(self) -> None:
        coded = packets(25, gop=10)
        coded[12] = coded[12].replace(meta={"damaged": True})
        assert [number_in(frame) for frame in decoded(coded)] == [*range(12), *range(20, 25)]

    def test_a_key_frame_that_was_damaged_begins_nothing(self) -> None:
        coded = packets(25, gop=10)
        coded[10] = coded[10].replace(meta={"damaged": True})
        assert [number_in(frame) for frame in decoded(coded)] == [*range(10), *range(20, 25)]


class TestBrokenData:
    @pytest.mark.parametrize("seed", range(8))
    def test_never_passes_for_good(self, seed: int) -> None:
        clean = {frame.seq: frame.data for frame in decoded(packets(25, gop=10))}
        coded = packets(25, gop=10)
        coded[12] = broken(coded[12], seed)
        frames = decoded(coded)
        assert all(np.array_equal(frame.data, clean[frame.seq]) for frame in frames if not frame.meta)
        assert [frame.seq for frame in frames if not frame.meta] == [*range(12), *range(20, 25)]

    def test_marks_what_is_built_on_it_until_the_next_key_frame(self) -> None:
        coded = packets(25, gop=10)
        coded[12] = coded[12].replace(data=coded[12].data[: coded[12].nbytes // 3])
        marked = [frame.seq for frame in decoded(coded) if frame.meta.get("damaged")]
        assert marked == list(range(12, 20))

    def test_of_a_jpeg_is_refused(self) -> None:
        whole = jpeg(1)
        for data in (whole[: len(whole) // 2], b"hello", b""):
            with pytest.raises(BadFrame):
                list(Decoder().decode(jpeg_packet(data)))

    def test_of_a_jpeg_leaves_out_that_picture_alone(self) -> None:
        treat = Pictures(None, Shape())
        coded = [jpeg(1), jpeg(2)[:500], jpeg(3)]
        frames = [frame for data in coded for frame in treat(jpeg_packet(data))]
        assert [number_in(frame) for frame in frames] == [1, 3]


class TestJpeg:
    def test_stays_jpeg(self) -> None:
        data = jpeg(5)
        (frame,) = Decoder().decode(jpeg_packet(data, seq=7))
        assert isinstance(frame.content, EncodedImage)
        assert (frame.content.encoding, bytes(frame.content.data)) == ("jpeg", data)
        assert (frame.seq, frame.shape) == (7, (96, 128))

    def test_with_something_behind_it_is_whole(self) -> None:
        """Some cameras fill their buffers up."""
        (frame,) = Decoder().decode(jpeg_packet(jpeg(5) + bytes(300)))
        assert number_in(frame) == 5


class TestAsAnOp:
    def test_gives_the_picture_or_nothing(self) -> None:
        decoder = Decoder()
        answers = [decoder(packet) for packet in packets(12, gop=10)[8:]]
        assert [None if frame is None else number_in(frame) for frame in answers] == [None, None, 10, 11]
        whole = picture(3)
        assert decoder(whole) is whole
        decoder.close()


class TestHardware:
    def test_that_is_not_there_is_said_once_and_done_in_software(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        frames = decoded(packets(5), Decoder(hwaccel="auto"))
        if any("decoded in software" in text for text in caplog.messages):
            assert [number_in(frame) for frame in frames] == list(range(5))
            assert len(caplog.messages) == 1

    def test_a_way_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(OptionError, match=r"hwaccel='cudda' .* did you mean cuda\?"):
            contexts.check_hwaccel("cudda")

    def test_none_is_asked_for_unless_somebody_does(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "framebus")
        decoded(packets(1))
        assert caplog.messages == []


def test_other_codecs_are_refused_by_name() -> None:
    with pytest.raises(BadFrame, match="'vp9' cannot be decoded here"):
        decoded([packets(1)[0].replace(codec="vp9")])


def test_without_pyav_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(Unavailable, match=r"pip install 'framebus\[video\]'"):
        contexts.require_pyav()


def test_the_pictures_of_these_tests_show_their_number() -> None:
    assert [number_in(picture(number)) for number in (0, 5, 255)] == [0, 5, 255]
