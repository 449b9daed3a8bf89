"""Video files: what a camera coded stays as it is, frames become H.264, and each picture says which one it is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import av
import numpy as np
import pytest

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Sink
from framebus.core.errors import AddressError, BadFrame, OptionError, Unavailable
from framebus.core.registry import SINKS
from framebus.record import video
from framebus.testing import SinkConformance, clip, samples
from framebus.testing.samples import RUN, framed, pictures
from framebus.wire.encodings import encode
from tests.record.films import coded, headers, mjpeg, numbers, packets, record


class TestMp4(SinkConformance):
    formats = ("bgr24", "rgb24", "gray8", "i420")
    extension = "mp4"

    def make(self, tmp_path: Path) -> Sink:
        return video.open_sink(Place(f"{tmp_path}/{{stream}}.{self.extension}"))

    def stored(self, tmp_path: Path) -> int:
        return sum(len(inside) for _, inside in numbers(tmp_path))


class TestMkv(TestMp4):
    extension = "mkv"


def test_is_what_opens_video_files() -> None:
    assert all(SINKS.get(name) is video.open_sink for name in ("mp4", "mkv"))


# pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_every_frame_keeps_its_identity_times_and_meta(tmp_path: Path, extension: str) -> None:
    frames = [
        frame.replace(meta={"exposure": 0.5, "text": "Größe"}, clock="boot", captured_mono_ns=7 + frame.seq)
        for frame in samples(4)
    ]
    record(tmp_path / f"a.{extension}", frames)
    found = headers(tmp_path / f"a.{extension}")
    assert [(one.stream, int(one.run, 16), one.seq, one.captured_ns) for one in found] == [
        (frame.stream, frame.run, frame.seq, frame.captured_ns) for frame in frames
    ]
    assert [one.meta for one in found] == [frame.meta for frame in frames]
    assert [(one.clock, one.captured_mono_ns) for one in found] == [("boot", 7 + seq) for seq in range(4)]


def test_pictures_look_as_before(tmp_path: Path) -> None:
    frames = samples(3, width=320, height=240)
    record(tmp_path / "a.mp4", frames, quality=95)
    with av.open(str(tmp_path / "a.mp4")) as container:
        seen = [picture.to_ndarray(format="bgr24") for picture in container.decode(video=0)]
    assert len(seen) == 3
    for frame, picture in zip(frames, seen, strict=True):
        assert np.abs(picture.astype(int) - frame.bgr).mean() < 4


def test_pictures_with_odd_sides_lose_no_row(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", [framed(np.zeros((33, 47, 3), np.uint8), "bgr24")])
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (47, 33)


def test_players_show_them_at_the_pace_of_capture(tmp_path: Path) -> None:
    times = [0, 100, 150, 1150]
    record(
        tmp_path / "a.mp4",
        [f.replace(captured_ns=10**18 + ms * 10**6) for f, ms in zip(samples(4), times, strict=True)],
    )
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size] == [0, 0.1, 0.15, 1.15]


def test_or_at_an_even_pace(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", samples(3), play_fps=4)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size] == [0, 0.25, 0.5]


def test_a_clock_that_goes_back_stops_nothing(tmp_path: Path) -> None:
    frames = samples(4)
    frames[2] = frames[2].replace(captured_ns=1)
    assert record(tmp_path / "a.mp4", frames) == [0, 1, 2, 3]
    assert [one.captured_ns for one in headers(tmp_path / "a.mp4")] == [frame.captured_ns for frame in frames]


@pytest.mark.parametrize("kind", ["gray16", "float", "deep colour", "four channels"])
def test_what_video_would_spoil_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(BadFrame, match=r"'sample'.*\.h5"):
        record(tmp_path / "a.mp4", [framed(*pictures()[kind])])
    assert list(tmp_path.iterdir()) == []


def test_quality_and_preset_matter_and_are_checked(tmp_path: Path) -> None:
    frames = samples(5, width=320, height=240)
    for quality in (20, 95):
        record(tmp_path / f"{quality}.mp4", frames, quality=quality, preset="ultrafast")
    assert (tmp_path / "20.mp4").stat().st_size < (tmp_path / "95.mp4").stat().st_size
    for bad in ({"quality": 101}, {"preset": "best"}, {"play_fps": 0}, {"rotate": "soon"}):
        with pytest.raises(OptionError, match=next(iter(bad))):
            video.open_sink(Place(f"{tmp_path}/b.mp4"), **bad)


# packets --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with several key frames."""
    return Path(clip(tmp_path_factory.mktemp("film") / "film.mp4", 30, "160x120"))


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_what_a_camera_coded_is_not_coded_again(tmp_path: Path, film: Path, extension: str) -> None:
    given = list(packets(film))
    assert record(tmp_path / f"a.{extension}", given) == list(range(30))
    before, after = decoded(film), decoded(tmp_path / f"a.{extension}")
    assert len(after) == 30
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert [one.seq for one in headers(tmp_path / f"a.{extension}")] == list(range(30))


def test_jpegs_of_a_camera_stay_byte_for_byte(tmp_path: Path) -> None:
    images = [bytes(encode(frame, "jpeg=80").content.data) for frame in samples(3)]
    record(tmp_path / "a.mkv", mjpeg(images))
    kept = coded(tmp_path / "a.mkv")
    assert [one[:2] + one[4 + int.from_bytes(one[4:6], "big") :] for one in kept] == images
    assert [one.seq for one in headers(tmp_path / "a.mkv")] == [0, 1, 2]


def test_a_file_begins_with_a_key_frame(tmp_path: Path, film: Path) -> None:
    given = [packet.replace(key=packet.seq == 4) for packet in packets(film)][1:]
    assert not any(packet.key for packet in given[:3])
    sink = video.open_sink(Place(f"{tmp_path}/a.mp4"))
    done: list[int] = []
    for packet in given[:3]:
        sink.write(packet, lambda: done.append(1))
    sink.close()
    assert len(done) == 3, "or whoever sent them would wait for ever"
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path, film: Path) -> None:
    strange = next(packets(film)).replace(codec="vp8")
    with pytest.raises(BadFrame, match="vp8"):
        record(tmp_path / "a.mp4", [strange])


# files ----------------------------------------------------------------------------------------------------------


def test_another_size_begins_another_file(tmp_path: Path) -> None:
    small, large = samples(4)[:2], samples(4, width=64, height=50)[2:]
    record(tmp_path / "a.mp4", [*small, *large])
    assert numbers(tmp_path) == [("a.mp4", [0, 1]), ("a@2.mp4", [2, 3])]


def test_several_streams_need_files_of_their_own(tmp_path: Path) -> None:
    both = [*samples(2, stream="left"), *samples(2, stream="right")]
    with pytest.raises(OptionError, match=r"a-\{stream\}\.mp4"):
        record(tmp_path / "a.mp4", both)
    record(tmp_path / "b-{stream}.mp4", both)
    assert numbers(tmp_path)[1:] == [("b-left.mp4", [0, 1]), ("b-right.mp4", [0, 1])]


def test_a_restart_continues_in_the_next_file(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", samples(3))
    assert record(tmp_path / "a.mp4", samples(5)[1:]) == [1, 2, 3, 4], "those that are there are done, too"
    record(tmp_path / "a.mp4", samples(2, run=RUN + 1))
    assert numbers(tmp_path) == [("a.mp4", [0, 1, 2]), ("a@2.mp4", [3, 4]), ("a@3.mp4", [0, 1])]


def test_overwriting_begins_again(tmp_path: Path) -> None:
    for _ in range(2):
        record(tmp_path / "a.mp4", samples(3))
        record(tmp_path / "a.mp4", samples(2, run=RUN + 1))
    record(tmp_path / "a.mp4", samples(1), overwrite=True)
    assert numbers(tmp_path) == [("a.mp4", [0])]


def test_a_file_that_is_not_ours_is_refused_and_left(tmp_path: Path, film: Path) -> None:
    for name, content in (("text.mp4", b"text"), ("film.mp4", film.read_bytes())):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unavailable, match=rf"{name} exists and is not a recording.*--overwrite"):
            video.open_sink(Place(f"{tmp_path}/{name}"))
        assert (tmp_path / name).read_bytes() == content


def test_a_recording_of_another_stream_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", samples(2, stream="door"))
    with pytest.raises(Unavailable, match=r"a\.mp4 exists and is not a recording of yard"):
        record(tmp_path / "a.mp4", samples(2, stream="yard"))


def test_nothing_recorded_leaves_no_file(tmp_path: Path) -> None:
    assert record(tmp_path / "a.mp4", []) == []
    assert list(tmp_path.iterdir()) == []


def test_two_recorders_never_write_one_file(tmp_path: Path) -> None:
    first = video.open_sink(Place(f"{tmp_path}/a.mp4"))
    first.write(samples(1)[0], lambda: None)
    with pytest.raises(Unavailable, match="another recorder"):
        record(tmp_path / "a.mp4", samples(1))
    first.close()
    assert numbers(tmp_path) == [("a.mp4", [0])]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_said_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unavailable, match="no permission"):
        video.open_sink(Place(f"{tmp_path}/a.mp4"))
    tmp_path.chmod(0o700)


def test_a_name_for_many_frames_has_no_number_of_a_frame(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match=r"\{seq\}"):
        video.open_sink(Place(f"{tmp_path}/{{seq}}.mp4"))


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray() for picture in container.decode(video=0)]


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_players_can_jump_because_a_key_frame_comes_every_two_seconds(tmp_path: Path, extension: str) -> None:
    frames = [frame.replace(content=pictures()["bgr24"][0]) for frame in samples(200)]
    record(tmp_path / f"a.{extension}", frames)
    with av.open(str(tmp_path / f"a.{extension}")) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]
        assert keys == pytest.approx([0, 2, 4, 6], abs=0.1)
        container.seek(5_000_000)
        assert next(container.decode(video=0)).time == pytest.approx(4, abs=0.1)
        assert container.duration == pytest.approx(6.66e6, abs=1e5)


def test_a_picture_that_did_not_fit_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = video.open_sink(Place(f"{tmp_path}/a.mp4"))
    first, second, third = samples(3)
    sink.write(first, lambda: None)
    whole = (tmp_path / "a.mp4").read_bytes()
    write, left = os.pwrite, [100]

    def full(descriptor: int, data: memoryview, at: int) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "full")
        taken = write(descriptor, data[: left[0]], at)
        left[0] -= taken
        return taken

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(Unavailable, match=r"a\.mp4: the disk is full, [\d,]+ bytes are needed"):
            sink.write(second, lambda: None)
    assert (tmp_path / "a.mp4").read_bytes() == whole
    sink.write(third, lambda: None)
    sink.close()
    assert numbers(tmp_path) == [("a.mp4", [0]), ("a@2.mp4", [2])], "it would have built on the one that is missing"
