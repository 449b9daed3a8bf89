"""Many cameras in one process, and passwords that nobody may see, whatever the camera."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

import framebus as fb
from framebus.core.errors import Error
from framebus.core.frame import Packet
from framebus.testing.camera import TestCamera
from framebus.testing.camera_pictures import encode
from tests.sources.cameras.fakes import PATIENCE_S

EACH = 5
"""Packets read from each camera."""


@pytest.mark.parametrize("count", [24, 100])
def test_every_one_of_them_is_read_as_packets(count: int) -> None:
    paths = [f"cam{number}" for number in range(count)]
    with ExitStack() as opened:
        camera = opened.enter_context(TestCamera(paths=paths, pictures=encode(10, size="160x120", gop=5), fps=10))
        sources = [
            opened.enter_context(fb.open(camera.url_of(path), packets=True, stream=path, keep="all")) for path in paths
        ]
        together = opened.enter_context(fb.open(*sources, timeout=PATIENCE_S))
        came: Counter[str] = Counter()
        last: dict[str, int] = {}
        while len(came) < count or min(came.values()) < EACH:
            item: Any = together.read()
            assert isinstance(item, Packet)
            assert item.seq == last.get(item.stream, -1) + 1, "none is lost on the way to the reader"
            assert item.key or item.stream in last, "each begins with a key frame"
            last[item.stream] = item.seq
            came[item.stream] += 1
        states = {source.stats().state.state for source in sources}  # type: ignore[union-attr]
        assert states <= {"live", "stalled"}


SECRETIVE = [
    "rtsp://me:canary@127.0.0.1:{port}/main?token=canary",
    "rtsps://me:canary@127.0.0.1:{port}/main",
    "http://me:canary@127.0.0.1:{port}/video.mjpg?pwd=canary",
    "https://me:canary@127.0.0.1:{port}/video.mjpg",
    "rtmp://me:canary@127.0.0.1:{port}/live/main?key=canary",
]


@pytest.mark.parametrize("address", SECRETIVE)
@pytest.mark.parametrize("options", [{}, {"backend": "ffmpeg"}], ids=["own", "ffmpeg"])
def test_passwords_are_in_no_text(
    address: str, options: dict[str, Any], free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    if address.startswith("rtmp"):
        options = {}
    caplog.set_level(logging.DEBUG)
    texts: list[object] = []
    with fb.open(address.format(port=free_port), deadline="1s", **options) as source:
        source.fileno()
        while (state := source.stats().state) is None or state.why == "connecting":
            pass
        texts += [repr(source), repr(source.stats()), source.stats().snapshot(), state]
        with pytest.raises(Error) as late:
            source.read(timeout=0.01)
        texts.append(late.value)
    mistakes: list[dict[str, Any]] = [{"turn": 45}, {"trun": 90}, {"packets": True, "turn": 90}]
    for mistake in mistakes:
        with pytest.raises(Error) as refusal:
            fb.open(address.format(port=free_port), **mistake)
        texts.append(refusal.value)
    assert "canary" not in "\n".join(map(str, [*texts, *caplog.messages, caplog.text]))
    assert "127.0.0.1" in str(state)


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize(
    ("sink", "options", "name"),
    [("shm://yard", {}, "yard"), ("shm://", {"stream": "gate"}, "gate"), ("null:", {}, "127.0.0.1")],
)
def test_a_camera_that_is_passed_on_is_called_as_it_is_sent(
    scheme: str, sink: str, options: dict[str, Any], name: str, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(fb.Timeout):
        fb.pipe(f"{scheme}://127.0.0.1:{free_port}/main", sink, timeout="300ms", **options)
    assert any(message.startswith(f"{name}: {scheme}://127.0.0.1") for message in caplog.messages)
