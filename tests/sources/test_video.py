"""Video files: every frame, as the decoder made it, and the truth about files that are not whole."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from framebus.core import clock
from framebus.core.addresses import Path as Place
from framebus.core.contracts import Maker
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.registry import SOURCES
from framebus.sources import stamp
from framebus.sources.video.video import Video, open_source
from framebus.testing import SourceConformance, clip
from framebus.testing.samples import pictures

FRAMES = 12
BGR = pictures(64, 48)["bgr24"][0]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one clip in several containers."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("clip.mp4", "clip.mkv", "clip.ts", "clip.avi", "clip.mov"):
        clip(folder / name, FRAMES, "160x120")
    return folder


def encoded(
    path: Path,
    images: list[npt.NDArray[Any]],
    *,
    pixels: str = "bgr24",
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    prepare: Callable[[Any], None] = lambda stream: None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video of `images`."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=30)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.options = options or {}
        prepare(stream)
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format=pixels)))
        container.mux(stream.encode())
    return path


def decoded(path: Path) -> list[npt.NDArray[Any]]:
    """All pictures as FFmpeg itself turns them into BGR."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


class TestFinite(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        path = tmp_path / "clip.mp4"
        if not path.exists():
            clip(path, 8, "160x120")
        return open_source(Place(str(path)))


class TestPaced(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        path = tmp_path / "clip.mkv"
        if not path.exists():
            clip(path, 60, "160x120")
        return open_source(Place(str(path)), speed=20)


def test_is_what_video_files_open() -> None:
    assert all(SOURCES.get(name) is open_source for name in ("mp4", "mkv", "mov", "avi", "webm", "m4v", "ts", "h264"))


# every frame ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi", "clip.mov"])
def test_every_frame_comes_once_in_order(shared: Path, name: str) -> None:
    video = Video(str(shared / name))
    assert not video.live
    numbers = [(frame.seq, (stamp.read(frame.data) or (None,))[0]) for frame in video]
    video.close()
    assert numbers == [(number, number) for number in range(FRAMES)]


def test_frames_are_the_decoders_planes(shared: Path) -> None:
    video = Video(str(shared / "clip.mp4"))
    with av.open(str(shared / "clip.mp4")) as container:
        for frame, own in zip(video, container.decode(video=0), strict=True):
            assert (frame.format, frame.shape) == ("i420", (180, 160))
            assert np.array_equal(frame.data, own.to_ndarray())
    video.close()


def test_frames_look_as_they_should(shared: Path) -> None:
    video = Video(str(shared / "clip.mp4"))
    frames = [frame.bgr for frame in video]
    video.close()
    for ours, theirs in zip(frames, decoded(shared / "clip.mp4"), strict=True):
        assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_widths_that_decoders_pad_are_cropped(tmp_path: Path) -> None:
    image = np.tile(BGR, (2, 2, 1))[:66, :98]
    video = Video(str(encoded(tmp_path / "x.mp4", [image] * 3)))
    assert [frame.shape for frame in video] == [(99, 98)] * 3
    video.close()
    video = Video(str(tmp_path / "x.mp4"))
    assert np.abs(next(iter(video)).bgr.astype(int) - image).mean() < 6
    video.close()


def test_odd_sizes_become_bgr(tmp_path: Path) -> None:
    video = Video(str(encoded(tmp_path / "x.mkv", [BGR[:47, :63]], codec="ffv1", pix_fmt="yuv420p")))
    (frame,) = video
    video.close()
    assert (frame.format, frame.shape) == ("bgr24", (47, 63, 3))


@pytest.mark.parametrize(("pixels", "kind"), [("gray", "gray8"), ("gray16le", "gray16")])
def test_gray_stays_gray_in_its_depth(tmp_path: Path, pixels: str, kind: str) -> None:
    image = pictures(98, 66)[kind][0]
    video = Video(str(encoded(tmp_path / "x.mkv", [image], pixels=pixels, codec="ffv1", pix_fmt=pixels)))
    (frame,) = video
    video.close()
    assert frame.format == kind
    assert np.array_equal(frame.data, image)


@pytest.mark.parametrize("pix_fmt", ["yuv444p", "yuv422p", "yuv420p10le"])
def test_other_formats_become_bgr(tmp_path: Path, pix_fmt: str) -> None:
    video = Video(str(encoded(tmp_path / "x.mkv", [BGR], codec="ffv1", pix_fmt=pix_fmt)))
    (frame,) = video
    video.close()
    assert frame.format == "bgr24"
    assert np.abs(frame.data.astype(int) - BGR).mean() < 3


@pytest.mark.parametrize("options", [{"colorspace": "bt709"}, {"color_range": "pc"}])
def test_colours_that_i420_does_not_mean_are_converted_by_the_files_own_matrix(
    tmp_path: Path, options: dict[str, str]
) -> None:
    path = encoded(tmp_path / "x.mp4", [BGR] * 2, options=options)
    video = Video(str(path))
    frames = list(video)
    video.close()
    assert [frame.format for frame in frames] == ["bgr24", "bgr24"]
    assert np.array_equal([frame.data for frame in frames], decoded(path))


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_pictures_are_turned_as_the_file_asks(tmp_path: Path, degrees: int) -> None:
    def turn(stream: Any) -> None:
        stream.set_display_rotation(degrees)

    video = Video(str(encoded(tmp_path / "x.mp4", [BGR], prepare=turn)))
    (frame,) = video
    video.close()
    turned = np.rot90(BGR, degrees // 90 % 4)
    assert frame.shape == turned.shape
    assert np.abs(frame.bgr.astype(int) - turned).mean() < 6


def test_the_size_may_change_in_the_middle(tmp_path: Path) -> None:
    clip(tmp_path / "a.ts", 4, "160x120")
    clip(tmp_path / "b.ts", 4, "320x240")
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    video = Video(str(joined))
    shapes = [frame.shape for frame in video]
    video.close()
    assert shapes[0] == (180, 160)
    assert shapes[-1] == (360, 320)


def test_a_bare_stream_without_times_runs_at_its_rate(tmp_path: Path) -> None:
    clip(tmp_path / "x.h264", 6, "160x120")
    video = Video(str(tmp_path / "x.h264"))
    frames = list(video)
    video.close()
    assert [(stamp.read(frame.data) or (None,))[0] for frame in frames] == list(range(6))
    assert np.ptp(np.diff([frame.captured_ns for frame in frames])) <= 10


# times ------------------------------------------------------------------------------------------------------------


def test_capture_times_are_the_start_plus_the_files_own(shared: Path) -> None:
    before_ns = clock.utc_ns()
    video = Video(str(shared / "clip.mp4"))
    frames = list(video)
    video.close()
    assert before_ns <= frames[0].captured_ns <= clock.utc_ns()
    after_ns = [frame.captured_ns - frames[0].captured_ns for frame in frames]
    assert np.abs(np.array(after_ns) - np.arange(FRAMES) * 1e9 / 30).max() < 1e6


@pytest.mark.parametrize("speed", [1, "0.5", 4.0])
def test_speed_paces_by_the_files_own_times(shared: Path, speed: float | str, monkeypatch: pytest.MonkeyPatch) -> None:
    video = Video(str(shared / "clip.mp4"), speed=speed)
    assert video.live
    due_ns: list[int] = []

    def wait_until(when_ns: int) -> bool:
        due_ns.append(when_ns)
        return True

    monkeypatch.setattr(video._pace, "wait_until", wait_until)
    frames = list(video)
    video.close()
    gaps = np.diff(due_ns) / 1e9
    assert np.allclose(gaps, 1 / 30 / float(speed), atol=1e-4)
    assert [frame.captured_mono_ns for frame in frames] == due_ns


@pytest.mark.parametrize("speed", [0, -1, "fast", float("inf")])
def test_bad_speed_is_refused(shared: Path, speed: float | str) -> None:
    with pytest.raises(OptionError, match="speed="):
        Video(str(shared / "clip.mp4"), speed=speed)


# the end, early -----------------------------------------------------------------------------------------------------


def test_closing_while_decoding_in_another_thread(shared: Path) -> None:
    for _ in range(20):
        video = Video(str(shared / "clip.mp4"))
        begun = threading.Event()

        def read(video: Video = video, begun: threading.Event = begun) -> None:
            for _ in video:
                begun.set()

        thread = threading.Thread(target=read)
        thread.start()
        begun.wait(20)
        video.close()
        thread.join(20)
        assert not thread.is_alive()


# files that are not what they should be ---------------------------------------------------------------------------


def test_text_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("hello " * 100)
    with pytest.raises(BadFrame, match=r"x\.mp4 cannot be read as a video: it contains text"):
        Video(str(tmp_path / "x.mp4"))


def test_nothing_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").touch()
    with pytest.raises(BadFrame, match=r"x\.mp4 is empty \(0 bytes\)"):
        Video(str(tmp_path / "x.mp4"))


def test_noise_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(np.random.default_rng(0).bytes(20_000))
    with pytest.raises(BadFrame, match=r"x\.mp4 cannot be read as a video: it contains 20000 bytes of an unknown kind"):
        Video(str(tmp_path / "x.mp4"))


def test_a_picture_is_no_video(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(BGR).save(tmp_path / "x.png")
    shutil.move(tmp_path / "x.png", tmp_path / "x.mp4")
    with pytest.raises(BadFrame, match=r"x\.mp4 is no video: it contains a PNG picture"):
        Video(str(tmp_path / "x.mp4"))


def test_sound_is_no_video(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "x.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    with pytest.raises(BadFrame, match=r"x\.wav holds no video: a sound file"):
        Video(str(tmp_path / "x.wav"))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"x\.mp4: no such file"):
        Video(str(tmp_path / "x.mp4"))


def test_several_files_are_to_be_named(shared: Path) -> None:
    with pytest.raises(BadFrame, match="one by one"):
        open_source(Place(f"{shared}/*.mp4"))


def test_an_mp4_without_its_index_was_cut(shared: Path, tmp_path: Path) -> None:
    data = (shared / "clip.mp4").read_bytes()
    (tmp_path / "x.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadFrame, match="its index is missing"):
        Video(str(tmp_path / "x.mp4"))


@pytest.mark.parametrize("name", ["first.mp4", "x.avi"])
def test_a_file_cut_short_gives_what_is_there_and_then_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    clip(path, 60, "160x120")
    if name == "first.mp4":
        _index_first(path.rename(tmp_path / "last.mp4"), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    video, frames = Video(str(path)), list[Frame]()
    with pytest.raises(BadFrame, match=rf"{name}.*cut short.*after frame \d+"):
        _keep(video, frames)
    video.close()
    numbers = [(stamp.read(frame.data) or (None,))[0] for frame in frames]
    assert numbers[:20] == list(range(20))
    # At the damage, every decoder thread may lose the picture it was at work on.
    assert _whole_pictures(path) - len(frames) <= (os.cpu_count() or 1)


def test_a_file_cut_between_two_pictures_is_noticed_too(tmp_path: Path) -> None:
    clip(tmp_path / "last.mp4", 30, "160x120")
    _index_first(tmp_path / "last.mp4", tmp_path / "x.mp4")
    with av.open(str(tmp_path / "x.mp4")) as container:
        ends = sorted((packet.pos or 0) + packet.size for packet in container.demux(video=0) if packet.size)
    data = (tmp_path / "x.mp4").read_bytes()
    for end in ends[10:-1:4]:
        (tmp_path / "x.mp4").write_bytes(data[:end])
        video = Video(str(tmp_path / "x.mp4"))
        with pytest.raises(BadFrame, match="cut short"):
            _keep(video, [])
        video.close()


def test_an_avi_cut_between_two_chunks_is_noticed_too(shared: Path, tmp_path: Path) -> None:
    data = (shared / "clip.avi").read_bytes()
    path = tmp_path / "x.avi"
    for end in _chunk_ends(data)[2:-1]:
        path.write_bytes(data[: end + 3])
        video = Video(str(path))
        with pytest.raises(BadFrame, match="cut short"):
            _keep(video, [])
        video.close()


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_avi_that_does_not_say_how_long_it_is_is_whole(shared: Path, tmp_path: Path, size: int) -> None:
    data = (shared / "clip.avi").read_bytes()
    path = tmp_path / "x.avi"
    path.write_bytes(data[:4] + size.to_bytes(4, "little") + data[8 : _chunk_ends(data)[-1]])
    video = Video(str(path))
    assert len(list(video)) == FRAMES
    video.close()


def test_a_file_shorter_than_it_says_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip(tmp_path / "x.mkv", 60, "160x120")
    data = (tmp_path / "x.mkv").read_bytes()
    (tmp_path / "x.mkv").write_bytes(data[: len(data) // 2])
    video = Video(str(tmp_path / "x.mkv"))
    with caplog.at_level(logging.WARNING, "framebus"):
        assert 0 < len(list(video)) < 60
    video.close()
    assert "may have been cut short" in caplog.text


def _keep(video: Video, frames: list[Frame]) -> None:
    """Also what comes before an error."""
    for frame in video:
        frames.append(frame)


def _chunk_ends(data: bytes) -> list[int]:
    """Where the pictures of an AVI end."""
    at, ends = data.index(b"movi") + 4, []
    while data[at : at + 4] == b"00dc":
        nbytes = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + nbytes + nbytes % 2
        ends.append(at)
    return ends


def _whole_pictures(path: Path) -> int:
    """How many pictures a decoder that does one after the other gets out of a damaged file."""
    count = 0
    with av.open(str(path)) as container:
        track = container.streams.video[0]
        track.codec_context.thread_count = 1
        with suppress(av.FFmpegError):
            for packet in container.demux(track):
                count += len(packet.decode())
            return count
        return count + len(track.codec_context.decode(None))


def _index_first(path: Path, target: Path) -> None:
    """Copy an MP4 with its index in front, as for streaming."""
    with av.open(str(path)) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        track = source.streams.video[0]
        copy = out.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
