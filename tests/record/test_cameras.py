"""From a camera, over a link, into a file: every frame once, as it was coded, whatever is killed meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import framebus as fb
from framebus.core.errors import OptionError
from framebus.sinks.video import video
from framebus.sinks.video.filming import Film
from framebus.sources import stamp
from framebus.testing.camera import TestCamera
from tests.conftest import StartChild
from tests.record import films
from tests.sources.cameras.test_ffmpeg import sending
from tests.sources.cameras.test_ffmpeg import video as video_of

PUBLISHER = """
import sys
import numpy as np
import framebus as fb

with fb.publish(sys.argv[1], wait_for=[sys.argv[2]], patience=60) as out:
    for number in range(int(sys.argv[3])):
        out.send(np.full((48, 64), number, np.uint16))
print("all delivered")
"""
RECORDER = """
import sys
import framebus as fb

print(fb.pipe(sys.argv[1], sys.argv[2], progress=lambda now: print("written", now.written)).frames)
"""


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_what_a_camera_coded_is_what_is_recorded(tmp_path: Path, codec: str, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    with TestCamera(size="320x240", fps=50, gop=5, codec=codec) as camera:
        fb.pipe(camera.url, str(path), packets=True, frames=20, stream="yard")
    kept = films.headers(path)
    assert [one.seq for one in kept] == list(range(kept[0].seq, kept[0].seq + len(kept)))
    assert len(kept) == 20
    with fb.open(str(path)) as source:
        seen = [(frame.stream, frame.captured_ns, stamp.read(frame.image)) for frame in source]
    numbers = [marks[0] for _, _, marks in seen if marks is not None]
    assert len(numbers) == 20
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert [(stream, at) for stream, at, _ in seen] == [("yard", one.captured_ns) for one in kept]


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_nobody_has_to_ask_for_it(tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "Film", None)  # nothing is encoded
    with TestCamera(size="320x240", fps=50, gop=5) as camera:
        fb.pipe(camera.url, f"{tmp_path}/a.{extension}", frames=10)
    assert len(films.headers(tmp_path / f"a.{extension}")) == 10


def test_cameras_of_one_host_are_streams_of_their_own(tmp_path: Path) -> None:
    """The channels of a recorder, say: in one stream, and in one file, nobody could tell their pictures apart."""
    with TestCamera(size="320x240", fps=50, gop=5, paths=["a", "b", "c"]) as camera:
        channels = [camera.url_of(path) for path in "abc"]
        fb.pipe(channels, f"{tmp_path}/{{stream}}.mp4", frames=60)
        with fb.open(*channels, timeout=10) as source:
            streams = {frame.stream for _, frame in zip(range(60), source, strict=False)}
        with pytest.raises(OptionError, match=r"a-\{stream\}\.mp4"):
            fb.pipe(channels, f"{tmp_path}/a.mp4", frames=60)
    names = ["127.0.0.1", "127.0.0.1.2", "127.0.0.1.3"]
    assert streams == set(names)
    for name in names:
        seen = [one.seq for one in films.headers(tmp_path / f"{name}.mp4")]
        assert seen == list(range(seen[0], seen[0] + len(seen))), "of one camera"


@pytest.mark.parametrize(
    "options",
    [
        {"ops": ["gray"]},
        {"format": "gray8"},
        {"max_fps": 40},
        {"resize": "64x48"},
        {"quality": 30},
        {"preset": "ultrafast"},
        {"packets": False},
    ],
    ids=str,
)
def test_who_wants_pictures_gets_pictures_encoded(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []

    class Noting(Film):
        def encode(self, frame: Any, pts: int) -> tuple[bytes, bool]:
            encoded.append(pts)
            return super().encode(frame, pts)

    monkeypatch.setattr(video, "Film", Noting)
    with TestCamera(size="320x240", fps=50, gop=5) as camera:
        fb.pipe(camera.url, f"{tmp_path}/a.mp4", frames=5, **options)
    assert len(encoded) == len(films.headers(tmp_path / "a.mp4")) == 5


def test_a_camera_whose_video_does_not_travel_is_recorded_all_the_same(tmp_path: Path) -> None:
    with sending(video_of("mpegts", "mpeg2video")) as url:
        fb.pipe(url, f"{tmp_path}/a.mp4", frames=5)
    assert len(films.headers(tmp_path / "a.mp4")) == 5


def test_a_recorder_that_is_killed_loses_nothing(tmp_path: Path, child: StartChild, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}/cam"
    publisher = child("-c", PUBLISHER, address, "run.h5", "300")
    for _ in range(2):
        recorder = child("-c", RECORDER, address, "run.h5", cwd=tmp_path)
        recorder.wait_line(r"^written [1-9]")
        recorder.kill()
    last = child("-c", RECORDER, address, "run.h5", cwd=tmp_path)
    last.succeed()
    publisher.succeed()
    with fb.open(str(tmp_path / "run.h5")) as source:
        frames = [(frame.seq, int(frame.data[0, 0])) for frame in source]
    assert frames == [(number, number) for number in range(300)]
    assert re.search("all delivered", publisher.stdout)
