"""RTSP cameras through `fb.open`: pictures, packets, breaks, and FFmpeg where our own client does not know better."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import framebus as fb
from framebus.codecs.decoding import Decoder
from framebus.core.addresses import Url
from framebus.core.contracts import Maker
from framebus.core.errors import AddressError, OptionError
from framebus.core.frame import Packet
from framebus.core.registry import SOURCES
from framebus.sources import stamp
from framebus.sources.cameras import keeping, rtsp
from framebus.sources.rtsp.sdp import NotReadHere
from framebus.testing import SourceConformance
from framebus.testing.camera import TestCamera
from tests.conftest import StartChild
from tests.sources.cameras.fakes import PATIENCE_S, Steady, picture

BACKENDS = pytest.mark.parametrize("options", [{}, {"backend": "ffmpeg"}, {"transport": "udp"}], ids=str)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE_NS", 20_000_000)


ELSEWHERE = """
import threading
from framebus.testing.camera import TestCamera
from framebus.testing.camera_pictures import encode

with TestCamera(pictures=encode(50, gop=10), fps=100) as camera:
    print(camera.url)
    threading.Event().wait()
"""


class TestRtspIsASource(SourceConformance):
    @pytest.fixture(autouse=True)
    def _camera(self, child: StartChild) -> None:
        """In a process of its own: what it leaves open is not ours."""
        self.url = child("-c", ELSEWHERE).wait_line("^rtsp.*$")[0]

    def make(self, tmp_path: Path) -> Maker:
        return rtsp.open_source(Url(self.url))


class TestRtspByFfmpegIsASource(TestRtspIsASource):
    def make(self, tmp_path: Path) -> Maker:
        return rtsp.open_source(Url(self.url), backend="ffmpeg", deadline=1)


class TestRtspPacketsAreASource(TestRtspIsASource):
    def make(self, tmp_path: Path) -> Maker:
        return rtsp.open_source(Url(self.url), packets=True)


def test_is_what_the_schemes_open() -> None:
    assert SOURCES.get("rtsp") is SOURCES.get("rtsps") is rtsp.open_source


class TestPictures:
    @BACKENDS
    def test_carry_the_time_the_camera_took_them(self, options: dict[str, Any]) -> None:
        with TestCamera(fps=50) as camera, fb.open(camera.url, **options) as source:
            for _ in range(5):
                frame = source.read(timeout=PATIENCE_S)
                found = stamp.read(frame.image)
                assert found is not None
                assert frame.captured_ns >= found[1], "no picture arrives before it was taken"
            assert frame.stream == "127.0.0.1"

    @pytest.mark.parametrize("codec", ["h264", "h265"])
    def test_in_either_codec(self, codec: str) -> None:
        with TestCamera(codec=codec, fps=50) as camera, fb.open(camera.url, stream="porch") as source:
            frame = source.read(timeout=PATIENCE_S)
            assert (frame.stream, frame.image.shape) == ("porch", (240, 320, 3))

    def test_in_the_shape_asked_for(self) -> None:
        with (
            TestCamera(fps=50) as camera,
            fb.open(camera.url, crop="160x120+16+8", turn=90, resize="60x80", format="rgb24") as source,
        ):
            assert source.read(timeout=PATIENCE_S).image.shape == (80, 60, 3)

    def test_go_on_when_the_camera_changes_their_size(self) -> None:
        with TestCamera(fps=50) as camera, fb.open(camera.url) as source:
            first = source.read(timeout=PATIENCE_S)
            camera.change("192x144")
            while (frame := source.read(timeout=PATIENCE_S)).image.shape == first.image.shape:
                pass
            assert frame.image.shape == (144, 192, 3)
            assert frame.run == first.run

    def test_are_never_shown_after_a_loss_before_the_next_key_frame(self) -> None:
        with TestCamera(fps=0, gop=10) as camera, fb.open(camera.url, keep="all") as source:
            ready = threading.Event()
            numbers: list[int] = []

            def read() -> None:
                for frame in source:
                    found = stamp.read(frame.image)
                    assert found is not None
                    numbers.append(found[0])
                    ready.set()
                    if len(numbers) == 12:
                        return

            thread = threading.Thread(target=read)
            thread.start()
            while not ready.wait(0.02):
                camera.shoot()
            camera.drop(1)
            while thread.is_alive():
                camera.shoot()
                thread.join(0.02)
            assert numbers == sorted(numbers)
            assert len(set(numbers)) == 12


class TestPackets:
    @BACKENDS
    def test_begin_with_a_key_frame_and_can_be_decoded(self, options: dict[str, Any]) -> None:
        with (
            TestCamera(fps=50) as camera,
            fb.open(camera.url, packets=True, keep="all", **options) as source,
        ):
            items = [source.read(timeout=PATIENCE_S) for _ in range(8)]
        assert all(isinstance(item, Packet) and item.codec == "h264" and item.config for item in items)
        decoder = Decoder()
        frames = [frame for item in items if isinstance(item, Packet) for frame in decoder.decode(item)]
        assert [frame.seq for frame in frames] == list(range(8))
        assert all(stamp.read(frame.image) for frame in frames)

    @pytest.mark.parametrize(
        "option", [{"resize": "64x48"}, {"crop": "64x48"}, {"turn": 90}, {"hwaccel": "auto"}, {"max_fps": 5}]
    )
    def test_are_not_changed_on_their_way(self, option: dict[str, Any]) -> None:
        with pytest.raises(OptionError, match=next(iter(option))):
            fb.open("rtsp://cam/main", packets=True, **option)


class TestBreaks:
    @BACKENDS
    def test_pictures_go_on_after_each(self, options: dict[str, Any]) -> None:
        with TestCamera(fps=50) as camera, fb.open(camera.url, deadline="2s", **options) as source:
            before = source.read(timeout=PATIENCE_S)
            camera.cut()
            while (state := source.stats().state) is not None and not (state.reconnects and state.state == "live"):
                source.read(timeout=PATIENCE_S)
            after = source.read(timeout=PATIENCE_S)
            assert (after.run, after.stream) == (before.run, before.stream)
            assert after.seq > before.seq

    def test_a_camera_that_hangs_is_called_again(self) -> None:
        with TestCamera(fps=50) as camera, fb.open(camera.url, deadline="300ms") as source:
            source.read(timeout=PATIENCE_S)
            camera.stall()
            while (state := source.stats().state) is not None and state.state != "away":
                threading.Event().wait(0.01)
            assert state is not None
            assert "0.3 s" in state.why
            camera.resume()
            while source.stats().state.state != "live":  # type: ignore[union-attr]
                source.read(timeout=PATIENCE_S)

    def test_a_camera_may_be_switched_on_later(self, free_port: int) -> None:
        with fb.open(f"rtsp://127.0.0.1:{free_port}/cam") as source:
            source.fileno()  # it begins to try
            while "refused" not in source.stats().state.why:  # type: ignore[union-attr]
                threading.Event().wait(0.01)
            with TestCamera(port=free_port, fps=50):
                assert source.read(timeout=PATIENCE_S).seq == 0

    def test_a_wrong_password_is_said_once_and_never_shown(self, caplog: pytest.LogCaptureFixture) -> None:
        with (
            TestCamera(user="me", password="right") as camera,  # noqa: S106
            fb.open(camera.url_of("cam", password="canary")) as source,  # noqa: S106
        ):
            source.fileno()
            while len(camera.requests) < 12:
                threading.Event().wait(0.01)
            state = source.stats().state
        assert state is not None
        assert state.state == "away"
        assert "password" in state.why
        assert len(caplog.messages) == 1
        assert "canary" not in "\n".join([*caplog.messages, repr(state), repr(source.stats().snapshot())])


class TestWhoReads:
    def test_ffmpeg_takes_over_where_our_client_cannot_read_the_codec(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refusing(url: str, **how: object) -> object:
            raise NotReadHere('rtsp://cam/main: it offers no video that is read here (MP2T): try backend="ffmpeg"')

        monkeypatch.setattr("framebus.sources.rtsp.client.connect", refusing)
        monkeypatch.setattr("framebus.sources.cameras.ffmpeg.connect", lambda url, **how: Steady(1, picture))
        caller = rtsp.Caller("rtsp://me:canary@cam/main", packets=False, transport="tcp", deadline_s=5, verify=True)
        for _ in range(3):
            assert isinstance(caller(), Steady)
        assert caplog.messages == ["rtsp://***@cam/main: FFmpeg reads it instead of our own client, which cannot"]

    def test_our_own_client_is_asked_as_the_options_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[str, dict[str, object]]] = []

        def connect(url: str, **how: object) -> Steady:
            asked.append((url, how))
            return Steady(1)

        monkeypatch.setattr("framebus.sources.rtsp.client.connect", connect)
        maker = rtsp.open_source(Url("rtsps://cam/main"), transport="udp", deadline="2s", verify="no")
        next(iter(maker))
        maker.close()
        assert asked == [("rtsps://cam/main", {"transport": "udp", "deadline_s": 2.0, "verify": False})]


class TestMistakes:
    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"transport": "http"}, "transport='http'"),
            ({"backend": "opencv"}, "backend='opencv'"),
            ({"deadline": 0}, "deadline=0"),
            ({"hwaccel": "abacus"}, "hwaccel='abacus'"),
            ({"transpot": "udp"}, "did you mean transport"),
            ({"fps": 5}, "does not take the option fps"),
        ],
    )
    def test_in_options_are_raised_at_open(self, options: dict[str, Any], text: str) -> None:
        with pytest.raises(OptionError, match=text):
            fb.open("rtsp://cam/main", **options)

    def test_in_the_address_too(self) -> None:
        with pytest.raises(AddressError):
            fb.open("rtsp://:x/main")
