"""The test camera, seen by somebody else's client: FFmpeg's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import av
import av.error
import pytest

from framebus.core.errors import BadFrame, Closed, OptionError, Unavailable
from framebus.sources import stamp
from framebus.sources.rtsp.client import connect
from framebus.testing.camera import TestCamera
from framebus.testing.camera_pictures import Encoder, clip_of, encode
from framebus.testing.camera_rtp import split
from tests.clips import make_clip

SECRET = "pass/wörd"  # noqa: S105


@contextmanager
def viewing(url: str, transport: str = "tcp") -> Iterator[Any]:
    options = {"rtsp_transport": transport, "probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}
    with av.open(url, options=options, timeout=20.0) as container:
        yield container


def numbers(container: Any, count: int) -> list[int]:
    """Which pictures come, read out of their pixels."""
    found = []
    for frame in islice(container.decode(video=0), count):
        mark = stamp.read(frame.to_ndarray(format="bgr24"))
        assert mark is not None
        found.append(mark[0])
    return found


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_ffmpeg_reads_it_from_a_key_frame_on(codec: str, transport: str) -> None:
    with TestCamera(fps=60, codec=codec) as camera, viewing(camera.url, transport) as container:
        assert container.streams.video[0].codec_context.name == codec.replace("h265", "hevc")
        found = numbers(container, 10)
    assert found == list(range(found[0], found[0] + 10))


@pytest.mark.parametrize("login", ["basic", "digest"])
def test_ffmpeg_shows_its_password(login: str) -> None:
    with TestCamera(fps=60, user="me", password=SECRET, login=login) as camera:
        with viewing(camera.url) as container:
            assert len(numbers(container, 2)) == 2
        with pytest.raises(av.error.HTTPUnauthorizedError):
            av.open(camera.url_of("cam", password="wrong"))  # noqa: S106


def test_paths_have_sizes_of_their_own() -> None:
    with TestCamera(fps=60, paths={"main": "640x480", "sub": "160x120"}) as camera:
        sizes = []
        for path in ("main", "sub"):
            with viewing(camera.url_of(path)) as container:
                frame = next(container.decode(video=0))
                sizes.append((frame.width, frame.height))
        with pytest.raises(av.error.HTTPNotFoundError):
            av.open(camera.url_of("nope"))
    assert sizes == [(640, 480), (160, 120)]


def test_pictures_coded_in_advance_are_shown_again_and_again() -> None:
    pictures = encode(6, gop=3)
    assert [picture.key for picture in pictures] == [True, False, False, True, False, False]
    with TestCamera(fps=0, pictures=pictures, paths=[f"cam{number}" for number in range(3)]) as camera:
        feeds = [connect(camera.url_of(f"cam{number}")) for number in range(3)]
        camera.shoot(13)
        for feed in feeds:
            packets = list(islice(feed, 13))
            feed.close()
            units = [split(bytes(packet.data)) for packet in packets]
            assert units == [split(pictures[number % 6].data) for number in range(13)]
        with pytest.raises(OptionError, match="keep their size"):
            camera.change("640x480")


def test_a_clip_is_shown_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    encoder = Encoder(gop=5)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(7):
            image = encoder._pictures.frame(number).data
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        file.mux(stream.encode())
    assert [picture.key for picture in clip_of(path)] == [number % 5 == 0 for number in range(7)]
    with TestCamera(fps=60, clip=path) as camera, viewing(camera.url) as container:
        found = numbers(container, 15)
    assert found == [(found[0] + step) % 7 for step in range(15)]


def test_a_clip_that_no_camera_would_send_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFrame, match="cannot be shown by a camera"):
        TestCamera(clip=make_clip(tmp_path / "clip.mp4"))


def test_a_new_viewer_begins_with_a_key_frame_and_the_others_go_on() -> None:
    with TestCamera(fps=0, gop=1000) as camera:
        first = connect(camera.url)
        camera.shoot(3)
        second = connect(camera.url)
        camera.shoot(2)
        assert [packet.key for packet in islice(first, 5)] == [True, False, False, True, False]
        assert [packet.key for packet in islice(second, 2)] == [True, False]
        first.close()
        second.close()


def test_it_goes_on_after_it_hung() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        camera.shoot(2)
        camera.stall()
        camera.resume()
        camera.shoot(2)
        assert [packet.key for packet in islice(feed, 4)] == [True, False, True, False]
        feed.close()


def test_damage_that_only_a_decoder_can_see() -> None:
    with TestCamera(fps=0, pictures=(pictures := encode(2))) as camera:
        feed = connect(camera.url)
        camera.shoot()
        assert next(feed).key
        camera.corrupt(1, spare=20)
        camera.shoot()
        damaged = bytes(next(feed).data)
        feed.close()
    whole = b"".join(b"\0\0\0\1" + unit for unit in split(pictures[1].data))
    assert len(damaged) == len(whole)
    assert damaged[:20] == whole[:20]
    assert damaged != whole


def test_it_remembers_what_it_was_asked() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        feed.close()
        assert [method for method, _ in camera.requests][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def test_it_keeps_its_port(free_port: int) -> None:
    with TestCamera(fps=0, port=free_port) as camera:
        assert camera.port == free_port
        camera.close()
        camera.close()
        camera.open()
        camera.open()
        assert camera.port == free_port
        with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1:{free_port}"), TestCamera(port=free_port):
            pass


def test_closed_while_somebody_comes_in_it_leaves_no_socket_open() -> None:
    camera = TestCamera(fps=0)
    for _ in range(20):
        with camera:
            coming = socket.create_connection((camera.host, camera.port))
        coming.close()


def test_a_closed_camera_takes_no_cue() -> None:
    with pytest.raises(Closed, match="open"):
        TestCamera(fps=0).shoot()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"codec": "vp8"}, "codec='vp8'"),
        ({"login": "none"}, "login='none'"),
        ({"transports": ["sctp"]}, "transports='sctp'"),
        ({"size": "10x10"}, "size=10x10"),
        ({"fps": -1}, "fps"),
        ({"pictures": []}, "key frame"),
    ],
)
def test_options_are_checked(options: dict[str, Any], what: str) -> None:
    with pytest.raises(OptionError, match=what):
        TestCamera(**options)
