"""What comes with each frame besides its pixels: as JSON, of every frame for who keeps up, bounded for who does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import framebus as fb
from framebus.core.frame import Frame
from framebus.core.publisher import Publisher
from framebus.testing.camera_pictures import encode
from framebus.web.frame_headers import MOST_META_BYTES, Headers, text
from framebus.web.server import Server
from framebus.web.shown import Shown
from tests.waiting import until
from tests.web.conftest import PATIENCE_S, TOKEN, Serve, Watcher
from tests.web.test_coded_video import packets

IMAGE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def door() -> Iterator[Publisher]:
    with fb.publish("shm://door", wait_for=1) as out:
        yield out


def listening(server: Server, name: str = "door") -> AbstractContextManager[ClientConnection]:
    return connect(
        f"ws://localhost:{server.port}/ws/message/{name}",
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        compression=None,
    )


def told(line: ClientConnection) -> dict[str, Any]:
    message = line.recv(timeout=PATIENCE_S)
    assert isinstance(message, str)
    found: dict[str, Any] = json.loads(message)
    return found


def test_each_frame_is_told_from_the_newest_on(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    door.send(IMAGE, meta={"text": "first"})
    until(lambda: "door" in server.page.wall.shown)
    with listening(server) as line:
        first = told(line)
        door.send(IMAGE, meta={"boxes": [[1, 2, 3, 4, "cat", 0.9]], "det": {"text": ["ä"]}})
        second = told(line)
    assert (first["seq"], first["meta"]) == (0, {"text": "first"})
    assert second["meta"] == {"boxes": [[1, 2, 3, 4, "cat", 0.9]], "det": {"text": ["ä"]}}
    assert (second["stream"], second["seq"], second["run"]) == ("door", 1, first["run"])
    assert (second["shape"], second["dtype"], second["format"]) == ([48, 64, 3], "uint8", "bgr24")
    assert (second["missed"], second["left_out"], second["bytes"]) == (0, 0, IMAGE.nbytes)
    assert int(second["captured_ns"]) > int(first["captured_ns"])
    assert int(second["run"], 16) > 0


def test_of_coded_video_it_is_told_without_decoding(serve: Serve) -> None:
    pytest.importorskip("av")
    with fb.publish("shm://cam", wait_for=1) as out:
        server = serve("shm://cam")
        video = packets(encode(2))
        out.send(video[0])
        until(lambda: "cam" in server.page.wall.shown)
        with listening(server, "cam") as line:
            assert (told(line)["codec"], server.page.wall.darkroom.made) == ("h264", 0)
            out.send(video[1].replace(meta={"motion": True}))
            found = told(line)
    assert (found["seq"], found["key"], found["meta"]) == (1, False, {"motion": True})


def test_masks_and_arrays_are_told_by_what_they_are() -> None:
    outline = [0, 0, 9, 0, 9, 9, "cat"]
    frame = Frame.of(
        IMAGE,
        meta={"masks": [outline, outline], "seg": {"masks": [outline], "text": ["one"]}},
        arrays={"seg.mask": np.zeros((480, 640), np.uint8)},
    )
    found = json.loads(text(frame, 0))
    assert found["meta"] == {"masks": 2, "seg": {"masks": 1, "text": ["one"]}}
    assert found["arrays"] == {"seg.mask": {"shape": [480, 640], "dtype": "uint8"}}


def test_who_is_slow_is_told_of_the_newest_and_how_many_were_left_out() -> None:
    """Whatever the client does, one frame waits for it."""
    sent: list[dict[str, Any]] = []

    async def talk() -> None:
        wall = _Wall()
        go, full = asyncio.Event(), asyncio.Event()

        class Slow:
            async def receive(self) -> str | bytes | None:
                await full.wait()
                return None

            async def send(self, message: str | bytes) -> None:
                sent.append(json.loads(message))
                await go.wait()
                if len(sent) == 2:
                    full.set()

        serving = asyncio.create_task(Headers(cast(Any, wall), "door").serve(Slow()))
        while not wall.hearers:
            await asyncio.sleep(0)
        for number in range(1000):
            for hear in wall.hearers["door"]:
                hear(Frame.of(IMAGE, stream="door", seq=number))
            await asyncio.sleep(0)
        go.set()
        await serving
        assert wall.hearers == {}

    asyncio.run(talk())
    assert [(one["seq"], one["left_out"]) for one in sent] == [(0, 0), (999, 998)]


class _Wall:
    """As much of one as it needs."""

    def __init__(self) -> None:
        self.shown = {"door": Shown("door", "")}
        self.hearers: dict[str, set[Any]] = {}

    def take_in(self) -> None:
        """Nothing comes."""


def test_what_is_too_long_is_not_told_and_said() -> None:
    found = json.loads(text(Frame.of(IMAGE, meta={"text": "x" * MOST_META_BYTES}), 3))
    assert (found["meta"], found["left_out"]) == (None, 3)
    assert f"{MOST_META_BYTES} are told at most" in found["unclear"]


@pytest.mark.parametrize("value", [object(), {1: object()}, [b"x", {object()}], 1 << 80, "\ud800"])
def test_what_json_cannot_say_hides_no_frame(value: object) -> None:
    found = json.loads(text(Frame.of(IMAGE, stream="door", meta={"odd": value}), 0))
    assert found["stream"] == "door"
    assert found["meta"] is not None or found["unclear"]


def nested(deep: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(deep):
        found = [found]
    return found


def test_what_is_nested_too_deep_hides_no_frame() -> None:
    assert "cannot be said" in json.loads(text(Frame.of(IMAGE, meta={"deep": nested(100_000)}), 0))["unclear"]


@given(
    st.dictionaries(
        st.text(max_size=5) | st.just("masks"),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        ),
        max_size=4,
    )
)
def test_any_metadata_is_json_afterwards(meta: dict[str, Any]) -> None:
    def strict(word: str) -> float:
        raise AssertionError(word)

    assert json.loads(text(Frame.of(IMAGE, meta=meta), 0), parse_constant=strict)["stream"] == ""


def test_a_stream_that_is_none_is_refused_with_why(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    with listening(server, "nobody") as line:
        assert told(line) == {"error": "there is no such stream: api/streams lists them"}
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=PATIENCE_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4004
    assert server.page.wall.hearers == {}


def test_what_a_client_says_is_passed_over_and_when_it_goes_nothing_stays(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    door.send(IMAGE)
    with Watcher(server) as page:
        page.until(lambda: "door" in page.streams)
        with listening(server) as line:
            for word in ("", "{", b"\xff" * 1000):
                line.send(word)
            told(line)
            door.send(IMAGE)
            assert told(line)["seq"] == 1
    until(lambda: server.page.wall.hearers == {})
