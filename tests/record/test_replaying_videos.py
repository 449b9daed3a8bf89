"""Recorded video is a source again: the frames there were, with the times and names they had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.addresses import Path as Place
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.sources.video.video import Video, open_source
from framebus.testing import SourceConformance, clip, samples
from framebus.testing.samples import RUN
from tests.record.films import packets, record

FIRST_NS = samples(1)[0].captured_ns
STEP_NS = 33_333_333


class TestRecording(SourceConformance):
    def make(self, tmp_path: Path) -> Video:
        if not (tmp_path / "a.mp4").exists():
            record(tmp_path / "a.mp4", samples(6))
        source = open_source(Place(f"{tmp_path}/a.mp4"))
        assert isinstance(source, Video)
        return source

    def test_every_start_is_a_run_of_its_own(self, tmp_path: Path) -> None:
        """Not here: a recording is that of one run, however often it is played."""
        assert {item.run for item in self.taken(tmp_path)} == {RUN}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a camera: 90 pictures in 3 seconds, a key frame every 2."""
    folder = tmp_path_factory.mktemp("recorded")
    record(folder / "a.mp4", samples(90, stream="yard", width=64))
    return folder / "a.mp4"


def test_frames_are_what_they_were(tmp_path: Path) -> None:
    given = [frame.replace(meta={"seen": frame.seq}, clock="boot", captured_mono_ns=5) for frame in samples(4)]
    for extension in ("mp4", "mkv"):
        record(tmp_path / f"a.{extension}", given)
        back = played(tmp_path / f"a.{extension}")
        for frame, original in zip(back, given, strict=True):
            assert frame.identity == original.identity
            assert frame.captured_ns == original.captured_ns
            assert (frame.clock, frame.captured_mono_ns, frame.meta) == ("boot", 5, original.meta)
            assert frame.shape[1] == original.shape[1]


def test_packets_of_a_camera_come_back_as_pictures_of_the_same_moments(tmp_path: Path) -> None:
    film = clip(tmp_path / "film.mp4", 12, "160x120")
    given = list(packets(film))
    record(tmp_path / "a.mp4", given)
    back = played(tmp_path / "a.mp4")
    assert sorted((frame.seq, frame.captured_ns) for frame in back) == [(p.seq, p.captured_ns) for p in given]
    assert all(np.array_equal(one.data, other.data) for one, other in zip(back, played(Path(film)), strict=True))


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_pictures_within_a_millisecond_are_told_apart(tmp_path: Path, extension: str) -> None:
    frames = [frame.replace(captured_ns=10**18 + 10_000 * frame.seq) for frame in samples(9)]
    record(tmp_path / f"a.{extension}", frames)
    assert [(frame.run, frame.seq, frame.captured_ns) for frame in played(tmp_path / f"a.{extension}")] == [
        (frame.run, frame.seq, frame.captured_ns) for frame in frames
    ]
    part = played(tmp_path / f"a.{extension}", start="#4", stop="#7")
    assert [frame.seq for frame in part] == [4, 5, 6]


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", [frame for frame in samples(8) if frame.seq not in (3, 4)])
    assert [frame.seq for frame in played(tmp_path / "a.mp4")] == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"start": 2.49}, range(75, 90)),
        ({"stop": "490ms"}, range(15)),
        ({"start": "#10", "stop": "#12"}, range(10, 12)),
        ({"start": "#62", "stop": "#64"}, range(62, 64)),
        ({"start": 1, "stop": 1}, ()),
    ],
)
def test_a_part_of_it(recorded: Path, options: dict[str, Any], numbers: Any) -> None:
    assert [frame.seq for frame in played(recorded, **options)] == list(numbers)


def test_a_part_by_the_time_of_day(recorded: Path) -> None:
    back = played(recorded, start="2025-06-15T15:06:41Z", stop="2025-06-15T15:06:41.5+00:00")
    first_ns = 1_750_000_001 * 10**9
    assert [frame.seq for frame in back] == [
        seq for seq in range(90) if first_ns <= FIRST_NS + seq * STEP_NS < first_ns + 5 * 10**8
    ]
    assert back


def test_any_video_can_be_played_from_and_to(tmp_path: Path) -> None:
    film = Path(clip(tmp_path / "film.mp4", 30, "160x120", fps=10))
    everything = played(film)
    part = played(film, start=1, stop="#20")
    assert [frame.seq for frame in part] == list(range(10))
    assert all(np.array_equal(a.data, b.data) for a, b in zip(part, everything[10:20], strict=True))
    with pytest.raises(OptionError, match="does not say when it was recorded"):
        open_source(Place(str(film)), start="2025-03-01T12:00")


@pytest.mark.parametrize("moment", ["soon", "#x", "-5", "2025-13-01", ""])
def test_moments_that_are_none(recorded: Path, moment: str) -> None:
    with pytest.raises(OptionError, match=r"start=.*#100"):
        open_source(Place(str(recorded)), start=moment)


def test_with_speed_it_is_live_and_keeps_its_times(recorded: Path) -> None:
    with fb.open(str(recorded), speed=1000, keep="all", stop="#5") as source:
        assert source.live
        assert [frame.captured_ns for frame in source] == [FIRST_NS + seq * STEP_NS for seq in range(5)]


def test_several_files_are_one_recording_in_the_order_of_time(tmp_path: Path) -> None:
    for stream in ("left", "right"):
        frames = samples(9, stream=stream)
        for part in (frames[:4], frames[4:]):
            record(tmp_path / "{stream}.mp4", part)
    assert len(list(tmp_path.iterdir())) == 4
    source = open_source(Place(f"{tmp_path}/*.mp4"))
    assert [(frame.stream, frame.seq) for frame in source] == [(s, n) for n in range(9) for s in ("left", "right")]
    source.close()
    with fb.open(f"{tmp_path}/*.mp4", start=0.19) as later:
        assert [(frame.stream, frame.seq) for frame in later] == [(s, n) for n in (6, 7, 8) for s in ("left", "right")]


def test_files_of_others_are_not_taken_for_a_recording(tmp_path: Path) -> None:
    clip(tmp_path / "film.mp4", 3, "160x120")
    with pytest.raises(BadFrame, match="was not recorded by framebus"):
        open_source(Place(f"{tmp_path}/*.mp4"))
    with pytest.raises(Unavailable, match="matches no file"):
        open_source(Place(f"{tmp_path}/*.mkv"))


def played(path: Path, **options: Any) -> list[Frame]:
    source = open_source(Place(str(path)), **options)
    try:
        return list(iterated(source))
    finally:
        source.close()


def iterated(source: Any) -> Iterator[Frame]:
    return iter(source)
