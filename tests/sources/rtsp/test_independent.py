"""Our client reads a server that is none of ours: GStreamer's, run by the system's Python."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from framebus.core.errors import Unavailable
from framebus.sources.rtsp.client import connect

PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("gst_server.py")
INSTALL = (
    "apt-get install -y --no-install-recommends gir1.2-gst-rtsp-server-1.0 python3-gi "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)
PICTURES = "videotestsrc is-live=1 {} ! video/x-raw,width=320,height=240,framerate=30/1 ! "
CODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 config-interval=1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 config-interval=1",
}
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


@cache
def _missing() -> str:
    try:
        done = subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts the server with a pipeline; gives the address of what it serves."""
    if missing := _missing():
        pytest.skip(f"NOT TESTED against an independent RTSP server: it is not installed. {INSTALL}\n{missing}")
    started: list[subprocess.Popen[str]] = []

    def start(pipeline: str, login: str = "") -> str:
        process = subprocess.Popen(
            [PYTHON, str(SERVER), pipeline, *([login] if login else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return f"127.0.0.1:{int(process.stdout.readline())}/cam"

    yield start
    for process in started:
        process.communicate()


def decoded(url: str, count: int, transport: str = "tcp") -> list[tuple[int, int]]:
    """The sizes of the first pictures."""
    import av

    feed = connect(url, transport=transport, deadline_s=20)
    decoder = av.CodecContext.create(feed.codec.replace("h265", "hevc"), "r")
    packets = list(islice(feed, count))
    feed.close()
    assert packets[0].key
    assert packets[0].config
    assert feed.counts.lost == feed.counts.dropped == feed.counts.bad == 0
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))] + decoder.decode(None)
    return [(frame.width, frame.height) for frame in frames if not frame.is_corrupt]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_pictures_arrive_whole(serve: Serve, codec: str, transport: str) -> None:
    where = serve(PICTURES.format("") + CODERS[codec])
    assert decoded(f"rtsp://{where}", 25, transport) == 25 * [(320, 240)]


@pytest.mark.parametrize("login", ["basic", "digest"])
def test_logins(serve: Serve, login: str) -> None:
    where = serve(PICTURES.format("") + CODERS["h264"], login)
    assert decoded(f"rtsp://me:secret@{where}", 5) == 5 * [(320, 240)]
    with pytest.raises(Unavailable, match="refuses the user or the password"):
        connect(f"rtsp://me:wrong@{where}")
    with pytest.raises(Unavailable, match="wants a user and a password"):
        connect(f"rtsp://{where}")


def test_several_pictures_of_several_slices(serve: Serve) -> None:
    coder = CODERS["h264"].replace("tune=zerolatency", "tune=zerolatency sliced-threads=true threads=4")
    where = serve(PICTURES.format("") + coder)
    assert decoded(f"rtsp://{where}", 25) == 25 * [(320, 240)]


def test_paths_that_do_not_exist(serve: Serve) -> None:
    where = serve(PICTURES.format("") + CODERS["h264"])
    with pytest.raises(Unavailable, match="no such path"):
        connect(f"rtsp://{where}/nope")


def test_a_camera_that_stops_says_goodbye(serve: Serve) -> None:
    where = serve(PICTURES.format("num-buffers=20") + CODERS["h264"])
    feed = connect(f"rtsp://{where}", deadline_s=20)
    assert next(feed).key
    with pytest.raises(Unavailable, match="said goodbye"):
        list(feed)
