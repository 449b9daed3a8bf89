"""Coded video on its way to browsers: what they are told before, what they get, and what they begin with."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Packet
from framebus.sources import stamp
from framebus.testing.camera_pictures import CodedPicture, encode
from framebus.web import coded_video
from framebus.web.coded_video import Track
from framebus.web.outbox import CodedLane
from framebus.web.page_messages import BEGIN, CODED, MP4, Watch
from framebus.web.parameters import describe
from framebus.web.sights import Sight
from framebus.web.wall import Wall
from framebus.wire.annexb import START, parameter_sets

av = pytest.importorskip("av")


def packets(pictures: list[CodedPicture]) -> list[Packet]:
    return [
        Packet(
            data=memoryview(picture.data),
            codec=picture.codec,
            key=picture.key,
            pts=number * 40_000_000,
            dts=number * 40_000_000,
            config=parameter_sets(picture.data, picture.codec) if picture.key else b"",
            stream="cam",
            seq=number,
            captured_ns=picture.captured_ns,
        )
        for number, picture in enumerate(pictures)
    ]


@pytest.fixture(scope="module")
def video() -> list[Packet]:
    return packets(encode(12, size="322x242", gop=5))


@pytest.mark.parametrize("size", ["320x240", "322x242", "1280x720", "1920x1080"])
def test_size_and_codec_are_read_from_the_parameter_sets(size: str) -> None:
    first = encode(1, size=size)[0]
    description = describe("h264", first.data)
    assert f"{description.width}x{description.height}" == size
    assert description.codec.startswith("avc1.42")


def test_h265_is_named_as_browsers_name_it() -> None:
    assert describe("h265", encode(1, codec="h265")[0].data).codec.startswith("hev1.1.6.L")


@pytest.mark.parametrize("config", [b"", START + b"\x67", START + b"\x67\x42\x00\x1f", START + b"\x68\x01\x02\x03\x04"])
def test_video_without_its_parameter_sets_is_refused(config: bytes) -> None:
    with pytest.raises(BadFrame):
        describe("h264", config)


@pytest.mark.parametrize("config", [b"", b"\0\0\0\1some configuration"])
def test_of_other_codecs_players_are_told_nothing(video: list[Packet], config: bytes) -> None:
    track = Track()
    track.add(video[0])
    _, anew = track.add(video[0].replace(codec="vp9", config=config))
    assert not anew
    assert (track.codec, track.description, track.begin("mse"), list(track.history("webcodecs"))) == (
        "vp9",
        None,
        None,
        [],
    )
    assert track.add(video[5])[1]
    assert track.description is not None


@given(st.binary(max_size=60))
def test_nonsense_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for codec, head in (("h264", b"\x67"), ("h265", b"\x42\x01")):
        try:
            describe(codec, START + head + data + START + b"\x68\xee\x01\x02")
        except BadFrame:
            continue


def test_what_mse_gets_is_mp4_that_others_read(video: list[Packet]) -> None:
    track = Track()
    fragments = []
    for packet in video:
        unit, _ = track.add(packet)
        fragments.append(unit.shaped("mse"))
    begin = track.begin("mse")
    assert begin is not None
    assert begin.kind == BEGIN
    assert {fragment.kind for fragment in fragments} == {MP4}
    file = io.BytesIO(begin.data + b"".join(fragment.data for fragment in fragments))
    with av.open(file) as container:
        stream: Any = container.streams.video[0]
        assert (stream.width, stream.height) == (322, 242)
        frames = list(container.decode(stream))
    numbers = [stamp.read(frame.to_ndarray(format="gray")) for frame in frames]
    assert [found[0] for found in numbers if found] == list(range(12))
    assert [round(float(frame.time), 3) for frame in frames] == [round(n * 0.04, 3) for n in range(12)]


def test_what_webcodecs_gets_are_the_bytes_of_the_camera(video: list[Packet]) -> None:
    track = Track()
    for packet in video:
        picture = track.add(packet)[0].shaped("webcodecs")
        assert (picture.kind, picture.data, picture.key) == (CODED, bytes(packet.data), packet.key)


def test_a_key_frame_without_parameter_sets_gets_those_of_the_description(video: list[Packet]) -> None:
    sets = video[0].config
    bare = video[0].replace(data=memoryview(bytes(video[0].data).replace(sets, b"")))
    picture = Track().add(bare)[0].shaped("webcodecs")
    assert parameter_sets(picture.data, "h264") == sets


def test_who_joins_begins_with_the_last_key_frame(video: list[Packet]) -> None:
    track = Track()
    for packet in video:
        track.add(packet)
    pictures = list(track.history("webcodecs"))
    assert [picture.kind for picture in pictures] == [BEGIN, CODED, CODED]
    assert [picture.key for picture in pictures[1:]] == [True, False]


def test_who_comes_to_a_stream_that_nobody_looked_at_gets_what_waited_meanwhile(video: list[Packet]) -> None:
    async def come() -> list[bool]:
        wall = Wall([], {})
        with contextlib.closing(wall):
            for packet in video[:3]:
                wall.handover.give(packet)
            sight = Sight(Watch(tile=0, stream="cam", how="webcodecs"), lambda: None)
            sight.lane = CodedLane()
            wall.see(sight)
            return [picture.key for picture in iter(sight.lane.pop, None) if picture.kind == CODED]

    assert asyncio.run(come()) == [True, False, False]


def test_before_the_first_key_frame_there_is_nothing_to_begin_with(video: list[Packet]) -> None:
    track = Track()
    track.add(video[1])
    assert track.begin("mse") is None
    assert list(track.history("webcodecs")) == []


@pytest.mark.parametrize("loss", [{"missed": 2}, {"meta": {"damaged": True}}])
def test_between_a_loss_and_the_next_key_frame_nothing_is_fit_to_be_shown(
    video: list[Packet], loss: dict[str, Any]
) -> None:
    track, whole = Track(), []
    for number, packet in enumerate(video):
        track.add(packet.replace(**loss) if number == 7 else packet)
        whole.append(track.whole)
    assert whole == [number not in (7, 8, 9) for number in range(12)]


def test_who_joins_after_a_loss_waits_for_the_next_key_frame(video: list[Packet]) -> None:
    track = Track()
    for packet in (*video[:7], video[7].replace(missed=1), video[8]):
        track.add(packet)
    assert [picture.kind for picture in track.history("webcodecs")] == [BEGIN]
    track.add(video[10])
    assert [picture.kind for picture in track.history("webcodecs")] == [BEGIN, CODED]


def test_what_is_kept_is_bounded(video: list[Packet], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_video, "MOST_KEPT", 4)
    track = Track()
    for packet in video[:5]:
        track.add(packet)
    assert track.units == []
    track.add(video[5])
    assert len(track.units) == 1


def test_a_camera_that_changes_has_players_begin_anew(video: list[Packet]) -> None:
    track = Track()
    assert [track.add(packet)[1] for packet in video[:6]] == [True, *[False] * 5]
    larger = packets(encode(1, size="640x480"))[0].replace(pts=video[6].pts, dts=video[6].dts)
    assert track.add(larger)[1]
    assert track.description is not None
    assert track.description.width == 640


def test_a_clock_that_jumps_back_begins_anew(video: list[Packet]) -> None:
    track = Track()
    for packet in video[:5]:
        track.add(packet.replace(pts=packet.pts + 10**12, dts=packet.dts + 10**12))
    unit, anew = track.add(video[5])
    assert anew
    assert unit.shaped("webcodecs").at_s == 0
