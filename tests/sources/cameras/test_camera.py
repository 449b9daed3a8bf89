"""Cameras of this machine: what they are asked for, in the words of each system. None of them is really here."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from framebus.core.addresses import Here
from framebus.core.contracts import Maker
from framebus.core.errors import OptionError, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.names import to_name
from framebus.core.registry import SOURCES
from framebus.sources.cameras import ffmpeg, keeping, picamera, webcam
from framebus.sources.cameras.camera import open_source
from framebus.testing import SourceConformance
from tests.sources.cameras.coded import packets
from tests.sources.cameras.fakes import PATIENCE_S

HOST = to_name(socket.gethostname().partition(".")[0])


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE_NS", 1_000_000)


def test_is_what_the_scheme_opens() -> None:
    assert SOURCES.get("camera") is open_source


class TestWebcams:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, dict[str, str]]]:
        """What FFmpeg is asked to open; it refuses all of it."""
        calls: list[tuple[str, str | None, dict[str, str]]] = []

        def opened(place: str, deadline_s: float, options: dict[str, str], format: str | None = None) -> Any:
            calls.append((place, format, dict(options)))
            raise Unavailable(f"{place} cannot be read: Invalid argument")

        monkeypatch.setattr(ffmpeg, "opened", opened)
        return calls

    def test_are_asked_for_mjpeg_first_and_then_for_what_they_like(
        self, asked: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        with pytest.raises(Unavailable):
            webcam.connect(2, deadline_s=1, size=(1280, 720), fps=30)
        size = {"video_size": "1280x720", "framerate": "30"}
        assert asked == [
            ("/dev/video2", "v4l2", {**size, "input_format": "mjpeg"}),
            ("/dev/video2", "v4l2", size),
        ]

    def test_are_asked_for_nothing_else_where_somebody_chose(
        self, asked: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        with pytest.raises(Unavailable):
            webcam.connect(0, deadline_s=1, input_format="yuyv")
        assert asked == [("/dev/video0", "v4l2", {"input_format": "yuyv422"})]

    def test_on_macos_are_numbered_alike(self, asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(Unavailable):
            webcam.connect(1, deadline_s=1)
        assert asked == [("1:none", "avfoundation", {"framerate": "30"})]

    def test_on_windows_are_found_by_their_names(self, asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        device = type("Device", (), {"name": "HD Webcam", "media_types": ["video"]})()
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr("av.device.enumerate_input_devices", lambda format: [device])
        with pytest.raises(Unavailable):
            webcam.connect(0, deadline_s=1)
        assert asked == [("video=HD Webcam", "dshow", {})]
        with pytest.raises(Unavailable, match=r"camera 1 is not there: 1 are \(HD Webcam\)"):
            webcam.connect(1, deadline_s=1)

    def test_that_are_not_there_are_named_with_what_is(self) -> None:
        with pytest.raises(Unavailable, match=r"/dev/video99 is not there .*: plug it in"):
            webcam.connect(99, deadline_s=1)

    def test_that_are_not_there_are_waited_for(self) -> None:
        maker = open_source(Here("camera", "99"))
        thread = threading.Thread(target=lambda: list(maker))
        thread.start()
        while maker.state.why == "connecting":
            pass
        assert (maker.state.state, maker.name) == ("away", f"{HOST}-camera99")
        maker.close()
        thread.join(PATIENCE_S)

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"size": "big"}, "size='big'"),
            ({"input_format": "raw"}, "input_format='raw'"),
            ({"number": 1}, "does not go with the option number"),
            ({"packets": True, "turn": 90}, "does not go with the option turn"),
        ],
    )
    def test_mistakes_are_raised_at_open(self, options: dict[str, Any], text: str) -> None:
        with pytest.raises(OptionError, match=text):
            open_source(Here("camera", "0"), **options)


class FakePi:
    """As much of picamera2's Picamera2 as is used, by its documentation."""

    cameras = 2
    opened: list[FakePi]

    def __init__(self, camera_num: int) -> None:
        if camera_num == 7:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.number = camera_num
        self.running = False
        self.let_go = threading.Event()
        self.shot = 0
        self.configuration: dict[str, Any] = {}
        self.encoder: Any = None
        self.output: Any = None
        FakePi.opened.append(self)

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return [{"Num": number} for number in range(FakePi.cameras)]

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
        return {"main": main, "controls": controls}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.let_go.set()

    def capture_request(self, wait: bool) -> FakeJob:
        assert wait is False
        assert self.running
        self.shot += 1
        return FakeJob(FakeRequest(self) if self.shot <= 8 else None)

    def start_recording(self, encoder: Any, output: Any) -> None:
        self.running = True
        self.encoder, self.output = encoder, output
        for number, packet in enumerate(packets(8)):
            output.outputframe(bytes(packet.data), packet.key, number * 40_000)


class FakeJob:
    """A picture that was asked for; None does not come."""

    def __init__(self, request: FakeRequest | None) -> None:
        self._request = request

    def get_result(self, timeout: float) -> FakeRequest:
        if self._request is None:
            threading.Event().wait(timeout)
            raise TimeoutError
        return self._request


class FakeRequest:
    """One picture, in memory that is used again."""

    memory = np.zeros((48, 64, 3), np.uint8)
    held = 0

    def __init__(self, camera: FakePi) -> None:
        FakeRequest.held += 1
        self._number = camera.shot
        self.memory[:] = self._number

    def make_array(self, name: str) -> np.ndarray[Any, Any]:
        assert name == "main"
        return self.memory.copy()

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": 0}

    def release(self) -> None:
        FakeRequest.held -= 1
        self.memory[:] = 0


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakePi]]:
    """A Raspberry Pi, as far as `import picamera2` tells."""
    module, encoders, outputs = (ModuleType(f"picamera2{name}") for name in ("", ".encoders", ".outputs"))
    encoder = type("H264Encoder", (), {"__init__": lambda self, **how: setattr(self, "how", how)})
    vars(module)["Picamera2"], vars(encoders)["H264Encoder"] = FakePi, encoder
    vars(outputs)["Output"] = type("Output", (), {})
    for part in (module, encoders, outputs):
        monkeypatch.setitem(sys.modules, part.__name__, part)
    FakePi.opened, FakeRequest.held = [], 0
    yield FakePi
    for camera in FakePi.opened:
        _wait_closed(camera)
    assert FakeRequest.held == 0, "a camera has few buffers: each picture is given back"


class TestRaspberryPiIsASource(SourceConformance):
    @pytest.fixture(autouse=True)
    def _pi(self, pi: object) -> None: ...

    def make(self, tmp_path: Path) -> Maker:
        return open_source(Here("camera", "pi"), deadline="100ms")


class TestRaspberryPi:
    def test_gives_bgr_pictures_in_the_size_asked_for(self, pi: type[FakePi]) -> None:
        maker = open_source(Here("camera", "pi"), size="64x48", fps=15, number=1, deadline="1s")
        frames = [item for item in islice(maker, 3) if isinstance(item, Frame)]
        maker.close()
        camera = pi.opened[0]
        assert (camera.number, maker.name) == (1, f"{HOST}-pi1")
        assert camera.configuration == {
            "main": {"format": "RGB888", "size": (64, 48)},
            "controls": {"FrameRate": 15.0},
        }
        assert [frame.data[0, 0, 0] for frame in frames] == [1, 2, 3], "copied out of memory that is used again"
        assert {frame.format for frame in frames} == {"bgr24"}

    def test_gives_h264_of_its_own_encoder_as_packets(self, pi: type[FakePi]) -> None:
        maker = open_source(Here("camera", "pi"), packets=True, deadline="1s")
        items = [item for item in islice(maker, 5) if isinstance(item, Packet)]
        maker.close()
        assert [item.key for item in items] == [True, False, False, False, False]
        assert [item.pts for item in items] == [40_000_000 * n for n in range(5)]

    def test_a_picture_that_does_not_come_is_a_break(self, pi: type[FakePi]) -> None:
        feed = picamera.connect(0, deadline_s=0.05)
        with pytest.raises(Unavailable, match=r"0\.05 s"):
            list(feed)
        feed.close()

    def test_that_is_not_there_or_in_use_is_told(self, pi: type[FakePi], monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unavailable, match="number 2 is not there: 2 of them answer"):
            picamera.connect(2, deadline_s=1)
        monkeypatch.setattr(pi, "cameras", 9)
        with pytest.raises(Unavailable, match="is another program using it"):
            picamera.connect(7, deadline_s=1)

    def test_without_picamera2_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "picamera2", None)
        with pytest.raises(Unavailable, match="sudo apt install python3-picamera2"):
            open_source(Here("camera", "pi"))

    def test_does_not_take_what_webcams_take(self, pi: object) -> None:
        with pytest.raises(OptionError, match="does not go with the option input_format"):
            open_source(Here("camera", "pi"), input_format="mjpeg")

    def test_the_sensors_own_time_is_used_where_it_is_plausible(self) -> None:
        import time

        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        taken = picamera._taken(now_ns - 30_000_000)
        later = picamera._taken(0)
        assert later["captured_mono_ns"] - taken["captured_mono_ns"] > 25e6
        assert taken["captured_ns"] < later["captured_ns"]


def _wait_closed(camera: FakePi) -> None:
    """Its thread lets go of it a moment after the maker was closed."""
    assert camera.let_go.wait(PATIENCE_S)
    assert not camera.running
