"""The hub: what is sent is filed, and nothing that is sent stops it."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framebus.compat.imagehub.event_log import EventLog
from framebus.compat.imagehub.hub import Hub
from framebus.compat.imagehub.picture_store import Images
from framebus.core.contracts import Item
from framebus.core.frame import Frame, Packet
from framebus.sinks import place
from framebus.verbs.opened import MadeSource
from framebus.wire.encodings import encode, from_bytes
from tests.verbs.makers import Fed

WHEN = datetime(2025, 11, 21, 8, 30)
PICTURE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)


class Bench:
    """A hub whose messages and clock are the test's."""

    def __init__(self, folder: Path, most: int = 100, answer: Callable[[Item], None] = lambda item: None) -> None:
        self.folder = folder
        self.fed = Fed()
        self.now_s = 0.0
        self.hub = Hub(
            MadeSource(self.fed, keep="all"),
            Images(str(folder / "images"), most=most),
            EventLog(str(folder / "logs"), most=most),
            patience_s=60,
            answer=answer,
            now=lambda: WHEN,
            monotonic_s=lambda: self.now_s,
        )

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "images").rglob("*.jpg"))

    def log(self) -> list[str]:
        return [line.partition(" ~ ")[2] for line in (self.folder / "logs/imagehub.log").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.hub.close()


def jpg(text: Any, picture: np.ndarray[Any, Any] = PICTURE) -> Frame:
    return encode(Frame.of(picture, meta={"msg": text}), "jpeg=85")


def image(text: Any, picture: np.ndarray[Any, Any] = PICTURE) -> Frame:
    return Frame.of(picture, meta={"msg": text})


def test_a_run_files_everything_and_ends_with_its_source(bench: Bench) -> None:
    texts = ["Barn Door|jpg", "Barn Door|motion|moving", "Barn|Heartbeat", "Barn Door|image", "test"]
    bench.fed.put(*map(jpg, texts), None)
    bench.hub.run()
    counts = bench.hub.counts
    assert (counts.pictures, counts.events, counts.heartbeats, counts.ignored) == (1, 1, 1, 2)
    assert bench.files() == ["Barn-Door-2025-11-21T08.30.00.000000.jpg"]
    assert bench.log() == ["Barn Door|motion|moving"]


def test_a_sender_is_answered_when_its_picture_is_written(tmp_path: Path) -> None:
    written: list[int] = []
    made = Bench(tmp_path, answer=lambda item: written.append(len(made.files())))
    made.fed.put(jpg("Barn|jpg"), jpg("Barn|Heartbeat"), jpg("Barn|jpg"), None)
    made.hub.run()
    assert written == [1, 1, 2]


def test_a_jpeg_is_kept_byte_for_byte(bench: Bench) -> None:
    frame = jpg("Barn|jpg")
    bench.hub.handle(frame)
    written = next((bench.folder / "images").rglob("*.jpg")).read_bytes()
    content = frame.content
    assert not isinstance(content, np.ndarray)
    assert written == bytes(content.data)


def test_pixels_sent_as_jpg_become_one(bench: Bench) -> None:
    bench.hub.handle(image("Barn|jpg"))
    written = next((bench.folder / "images").rglob("*.jpg")).read_bytes()
    assert from_bytes(written).shape == PICTURE.shape


@pytest.mark.parametrize(
    "item",
    [
        image("Barn|jpg", np.zeros((2, 2, 7))),
        Packet(data=memoryview(b"x"), codec="h264", key=True, pts=0, dts=0, meta={"msg": "Barn|jpg"}),
    ],
)
def test_what_is_no_picture_is_ignored_and_said(
    bench: Bench, item: Frame | Packet, caplog: pytest.LogCaptureFixture
) -> None:
    bench.hub.handle(item)
    assert bench.hub.counts.ignored == 1
    assert "Barn sent no picture" in caplog.text


def test_above_the_cap_is_counted_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(tmp_path, most=2)
    for _ in range(5):
        bench.hub.handle(jpg("Barn|jpg"))
        bench.hub.handle(jpg("Barn|motion|moving"))
    bench.hub.close()
    assert (bench.hub.counts.pictures, bench.hub.counts.events, bench.hub.counts.over) == (2, 2, 6)
    assert caplog.text.count("max_images_write") == caplog.text.count("max_log_lines") == 1


def test_a_full_disk_is_said_once_survived_and_said_to_be_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place, "write_new", full)
        for _ in range(3):
            bench.hub.handle(jpg("Barn|jpg"))
    assert bench.hub.counts.lost == 3
    assert [record.message for record in caplog.records if "disk is full" in record.message] != []
    assert caplog.text.count("pictures are lost") == 1
    bench.hub.handle(jpg("Barn|jpg"))
    assert bench.hub.counts.pictures == 1
    assert "pictures are written again; 3 were lost" in caplog.text


def test_a_silent_node_is_in_the_log_and_so_is_its_return(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.hub.handle(jpg("Barn|Heartbeat"))
    bench.now_s = 90
    bench.hub.look_after()
    bench.hub.look_after()
    bench.now_s = 120
    bench.hub.handle(jpg("Barn Door|motion|moving"))
    assert bench.log() == ["Barn|silent|1.5 min", "Barn|back|after 2 min", "Barn Door|motion|moving"]
    assert caplog.text.count("Barn|silent") == 1


def test_stopping_ends_after_the_message_at_hand(bench: Bench) -> None:
    class Stopped(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            bench.hub.stop()

    bench.fed.put(image("Barn|jpg", np.zeros((2, 2, 7))), jpg("Barn|jpg"))
    handler = Stopped()
    logger = logging.getLogger("framebus")
    logger.addHandler(handler)
    try:
        bench.hub.run()
    finally:
        logger.removeHandler(handler)
    assert bench.hub.counts.pictures == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(["", "jpg", "image", "Heartbeat", "Restart", "..", "/", "\0", "\n", "x" * 5000, "\ud800"])
texts = st.lists(fields | st.text(), max_size=4).map("|".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts | json_values, max_size=6))
def test_nothing_a_sender_writes_stops_it(bench: Bench, messages: list[Any]) -> None:
    before = sum(getattr(bench.hub.counts, name) for name in bench.hub.counts.__struct_fields__)
    for message in messages:
        bench.hub.handle(jpg(message, PICTURE[:8, :8]))
    after = sum(getattr(bench.hub.counts, name) for name in bench.hub.counts.__struct_fields__)
    assert after - before == len(messages)
    assert {path.name for path in bench.folder.iterdir()} == {"images", "logs"}
