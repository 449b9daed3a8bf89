"""The demo's page: cameras, an analysis, a recording and the system, and nothing of it left behind."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.cli.demo import browser
from framebus.cli.demo.demo_system import Stage, described
from framebus.cli.demo.finding import CELL, SHADED, find_balls
from framebus.config.parsing import read
from framebus.memory.pool import supported
from framebus.sources.synthetic.synthetic import Synthetic
from tests.conftest import StartChild
from tests.waiting import until

pytest.importorskip("starlette")
needs_shared_memory = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")


class Visitor:
    """Somebody who has opened the link, and asks."""

    def __init__(self, link: str) -> None:
        self._place = link.partition("?")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with self._opener.open(link) as answer:
            self.page = answer.read().decode()

    def ask(self, path: str) -> Any:
        """What is there."""
        with self._opener.open(self._place + path) as answer:
            return json.load(answer)

    def live(self) -> set[str]:
        """The streams that are live."""
        return {stream["name"] for stream in self.ask("api/streams")["streams"] if stream["state"] == "live"}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage("localhost:0") as opened:
        yield opened


@needs_shared_memory
def test_the_page_shows_cameras_an_analysis_a_recording_and_the_system(stage: Stage) -> None:
    pytest.importorskip("av")
    visitor = Visitor(stage.link)
    until(lambda: visitor.live() == {"aurora", "cells", "balls", "found"})
    kinds = {stream["name"]: stream["coding"] or stream["format"] for stream in visitor.ask("api/streams")["streams"]}
    assert kinds == {"aurora": "bgr24", "cells": "gray16", "balls": "h264", "found": "i420"}
    until(lambda: visitor.ask("api/recordings")["recordings"])
    parts = {part["name"]: part["state"] for part in visitor.ask("api/system")["parts"]}
    assert list(parts) == ["streams", "aurora", "cells", "balls", "found", "recorder", "web"]


def test_without_a_coder_all_cameras_are_made_on_the_spot_and_nothing_is_recorded() -> None:
    system = described(["a", "b", "c", "d"], "", "kept", {"listen": "localhost:0"})
    assert [stream["source"] for stream in system["streams"].values()] == [
        *("synthetic:aurora", "synthetic:cells", "synthetic:balls"),
    ]
    assert list(system["pipes"]) == ["d"]
    assert [plan.key for plan in read(system).plans] == ["streams", "pipes.d", "web"]


@needs_shared_memory
def test_what_the_analysis_finds_is_in_the_metadata(stage: Stage) -> None:
    with fb.open("shm://found", timeout=20) as source:
        frame = next(frame for frame in source if frame.meta["boxes"])
    assert frame.meta["text"].endswith("in sight")
    assert all(box[4].endswith(" ball") for box in frame.meta["boxes"])


@needs_shared_memory
def test_the_demo_leaves_names_to_those_who_have_them() -> None:
    with fb.publish("shm://cells") as out:
        out.send(np.zeros((48, 64, 3), np.uint8))
        with Stage("localhost:0") as stage:
            names = [each.stream for each in stage.streams]
            assert names == [f"aurora-{os.getpid()}", f"cells-{os.getpid()}"]
            with fb.open(stage.streams[0].address, timeout=20) as source:
                assert source.read().stream == names[0]
    assert fb.streams() == []


@needs_shared_memory
def test_a_place_where_the_page_cannot_be_is_named_and_nothing_is_left(free_port: int) -> None:
    import socket

    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(fb.errors.Unavailable, match=f"did not open: .*localhost:{free_port}"),
        Stage(f"localhost:{free_port}"),
    ):
        pass


@needs_shared_memory
def test_without_its_packages_the_table_is_there_alone(child: StartChild) -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from framebus.cli import main; sys.exit(main())"
    process = child("-c", code, "demo", "--seconds", "1.5")
    lines = process.succeed(60).splitlines()
    assert "of 3 streams" in lines[-3]
    assert "http" not in process.stdout
    assert 'without the page, for the page needs uvicorn: pip install "framebus[web]"' in process.stderr


# the analysis --------------------------------------------------------------------------------------------


def scene(*discs: tuple[int, int, int, tuple[int, int, int]]) -> Any:
    """A dark picture with discs: centre, radius, colour."""
    image = np.full((480, 640, 3), 20, np.uint8)
    y, x = np.mgrid[:480, :640]
    for across, down, radius, colour in discs:
        image[np.hypot(x - across, y - down) < radius] = colour
    return image


def test_balls_are_found_where_they_are_with_their_colour() -> None:
    found = find_balls(scene((100, 150, 30, (40, 40, 250)), (400, 300, 20, (250, 90, 40))))
    boxes = sorted(found["boxes"])
    assert [box[4] for box in boxes] == ["red ball", "blue ball"]
    discs = [(100, 150, 30), (400, 300, 20)]
    for (x, y, width, height, _, score), (across, down, radius) in zip(boxes, discs, strict=True):
        assert abs(x - (across - radius)) <= CELL
        assert abs(y - (down - radius)) <= CELL
        assert width == height
        assert 2 * radius - CELL <= width <= 2 * (radius + CELL) * SHADED
        assert 0 < score <= 1
    assert found["text"] == "2 balls in sight"


def test_nothing_is_found_in_the_dark_and_one_ball_is_one() -> None:
    assert find_balls(scene()) == {"boxes": [], "text": "0 balls in sight"}
    assert find_balls(scene((300, 200, 25, (60, 240, 60))))["text"] == "1 ball in sight"


def test_in_the_moving_picture_every_box_is_about_a_ball() -> None:
    maker = Synthetic("balls", size="640x480", fps=0)
    counts = [len(find_balls(maker.frame(seq).data)["boxes"]) for seq in range(0, 300, 20)]
    assert all(5 <= count <= 8 for count in counts), counts


# the browser ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "terminal", "opens"),
    [
        ({"DISPLAY": ":0"}, True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ({"DISPLAY": ":0", "CI": "true"}, True, False),
        ({"DISPLAY": ":0"}, False, False),
        ({}, True, False),
    ],
)
def test_a_browser_is_opened_where_somebody_sits_at_a_screen(
    environ: dict[str, str], terminal: bool, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert browser.there(environ) is opens


def test_the_page_takes_another_port_where_its_own_is_taken(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    import socket

    monkeypatch.setattr("framebus.web.server.LISTEN", f"localhost:{free_port}")
    assert browser.free_place() == f"localhost:{free_port}"
    with socket.create_server(("127.0.0.1", free_port)):
        place = browser.free_place()
    assert place.startswith("localhost:")
    assert place not in ("localhost:0", f"localhost:{free_port}")
