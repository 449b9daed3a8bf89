"""Reading from scripts that use pyzmq by itself; only here are pickles read, and never run."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import zmq
from hypothesis import given

from framebus.core.contracts import Maker
from framebus.core.errors import BadFrame, Timeout
from framebus.core.frame import Frame
from framebus.sources.dialects import camera_server, open_source
from framebus.sources.dialects.numbered import Numbered
from framebus.testing import SourceConformance
from framebus.testing.children import PATIENCE_S
from framebus.wire.dialects import imagezmq, pyzmq
from framebus.wire.dialects.foreign import End
from tests.sources.dialects.talkers import link, mark, plain, reading, repeating, take, take_until
from tests.wire.arrivals import settle, spoiled

IMAGE = np.arange(24, dtype=np.uint16).reshape(4, 6)
PICKLE = pickle.dumps(IMAGE, 4)
RECIPE = [b'{"dtype": "uint16", "shape": [4, 6]}', IMAGE.tobytes()]
STOP = pickle.dumps("stop", 4)


class TestConformance(SourceConformance):
    @pytest.fixture(autouse=True)
    def server(self, free_port: int) -> Iterator[None]:
        self.port = free_port
        with serving(free_port, lambda said: [PICKLE]):
            yield

    def make(self, tmp_path: Path) -> Maker:
        return open_source(link(f"pyzmq+tcp://127.0.0.1:{self.port}"), socket="req")


class TestPublishers:
    @pytest.mark.parametrize("parts", [[PICKLE], RECIPE, [b"camera_frame", PICKLE]], ids=["object", "recipe", "topic"])
    def test_whatever_they_publish(self, parts: list[bytes], free_port: int) -> None:
        with (
            plain(zmq.PUB, free_port) as script,
            repeating(lambda number: script.send_multipart(parts)),
            reading(f"pyzmq+tcp://localhost:{free_port}") as source,
        ):
            frame = take(source)
        assert isinstance(frame, Frame)
        assert np.array_equal(frame.data, IMAGE)
        assert frame.stream == ("camera_frame" if len(parts) == 2 and parts is not RECIPE else "localhost")

    def test_a_name_chooses_a_topic(self, free_port: int) -> None:
        topics = ["movie", "movie2", "my film", "other"]
        with (
            plain(zmq.PUB, free_port) as script,
            repeating(lambda number: script.send_multipart([topics[number % 4].encode(), PICKLE])),
            reading(f"pyzmq+tcp://127.0.0.1:{free_port}/movie") as one,
            reading(f"pyzmq+tcp://127.0.0.1:{free_port}/my-film") as other,
        ):
            assert {take(one).stream for _ in range(5)} == {"movie"}
            assert take(other).meta == {"msg": "my film"}

    def test_stop_is_the_end(self, free_port: int) -> None:
        with (
            plain(zmq.PUB, free_port) as script,
            repeating(lambda number: script.send_multipart([b"movie", PICKLE if number % 20 < 19 else STOP])),
            reading(f"pyzmq+tcp://127.0.0.1:{free_port}/movie") as source,
        ):
            assert [frame.stream for frame in source][:1] in ([], ["movie"])

    def test_hostile_pickles_are_never_run(
        self, free_port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        mark = tmp_path / "run"

        class Program:
            def __reduce__(self) -> Any:
                return os.system, (f"touch {mark}",)

        bad = [pickle.dumps(Program()), PICKLE[:-20], b"\x80\x04" + b"(" * 50_000, b"cos\nsystem\n(S'true'\ntR."]
        with (
            plain(zmq.PUB, free_port) as script,
            repeating(lambda number: script.send_multipart([b"x", [*bad, PICKLE][number % 5]])),
            reading(f"pyzmq+tcp://127.0.0.1:{free_port}", keep="all") as source,
        ):
            for _ in range(4):
                take(source)
        assert not mark.exists()
        assert "message refused" in caplog.text

    def test_other_dialects_read_no_pickles(self, free_port: int, caplog: pytest.LogCaptureFixture) -> None:
        with (
            plain(zmq.PUB, free_port) as script,
            repeating(lambda number: script.send_multipart([b"camera_frame", PICKLE])),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source,
            pytest.raises(Timeout),
        ):
            source.take(0.3)
        assert "not a JSON header" in caplog.text


class TestVentilators:
    def test_nothing_that_was_pushed_is_lost(self, free_port: int) -> None:
        numbers = iter(range(30))
        where = f"pyzmq+tcp://127.0.0.1:{free_port}"
        with plain(zmq.PUSH, free_port) as script, reading(where, socket="pull", ahead=True) as source:
            assert not source.live, "each is work to be done"
            source.fileno()
            with repeating(lambda _: [script.send(_pickled(number)) for number in islice(numbers, 1)]):
                frames = [take(source) for _ in range(30)]
        assert [mark(frame) for frame in frames] == list(range(30))


class TestCameraServers:
    def test_are_asked_for_each_picture(self, free_port: int) -> None:
        with (
            serving(free_port, lambda said: [PICKLE]) as server,
            reading(f"pyzmq+tcp://localhost:{free_port}", socket="req", keep="all") as source,
        ):
            frames = [take(source) for _ in range(5)]
        assert set(server.asked) == {b"read"}
        assert [frame.seq for frame in frames] == list(range(5))
        assert {frame.stream for frame in frames} == {"localhost"}

    def test_one_that_starts_late_and_one_that_comes_back(self, free_port: int) -> None:
        with reading(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="req") as source:
            source.fileno()
            for _ in range(2):
                with serving(free_port, lambda said: [PICKLE]):
                    seq = take(source).seq
                    take_until(source, lambda item, seq=seq: item.seq > seq)  # type: ignore[misc]

    def test_one_that_never_answers(
        self, free_ports: Callable[[], int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(camera_server, "ANSWER_S", 0.05)
        silent, other = free_ports(), free_ports()
        with (
            plain(zmq.REP, silent),
            serving(other, lambda said: [PICKLE]),
            reading(f"pyzmq+tcp://127.0.0.1:{silent},127.0.0.1:{other}", socket="req") as source,
        ):
            take(source)
        assert "did not answer for 0.05 s" in caplog.text

    def test_one_that_dies_with_the_question(self, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(camera_server, "ANSWER_S", 1000)
        with reading(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="req") as source:
            source.fileno()
            with plain(zmq.REP, free_port) as server:
                server.rcvtimeo = int(PATIENCE_S * 1000)
                assert server.recv() == b"read"
            with serving(free_port, lambda said: [PICKLE]):
                take(source)

    def test_answers_that_are_none(self, free_port: int, caplog: pytest.LogCaptureFixture) -> None:
        answers = iter([[b"no"], [b""], [b"a", b"b", b"c"], [pickle.dumps("x")], [STOP]])
        with (
            serving(free_port, lambda said: next(answers, [PICKLE])),
            reading(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="req") as source,
        ):
            take(source)
        assert "message refused" in caplog.text


DECODERS = {
    "pyzmq": lambda parts, default: pyzmq.decode(parts, default=default),
    "imagezmq": lambda parts, default: imagezmq.decode(parts, default=default),
}


STAMPED = [*map(bytes, imagezmq.encode(Frame.of(IMAGE, stream="a", run=1, seq=1), stamped=True))]


@pytest.mark.parametrize("dialect", DECODERS)
@given(parts=spoiled([RECIPE, [PICKLE], [b"topic", PICKLE], [STOP], STAMPED]))
def test_whatever_comes_is_a_frame_with_an_identity_an_end_or_refused(dialect: str, parts: list[bytes]) -> None:
    numbered = Numbered(link(f"{dialect}+tcp://localhost:5555"), DECODERS[dialect])
    for seq in range(2):
        made = settle(lambda: numbered.frame([zmq.Frame(part) for part in parts or [b""]]))
        if isinstance(made, Frame):
            assert made.run
            assert made.stream
            assert made.seq == seq or b"run" in parts[0]
        else:
            assert isinstance(made, BadFrame | End)


def _pickled(number: int) -> bytes:
    return pickle.dumps(np.full((2, 3), number, np.uint8))


class serving:  # noqa: N801  (reads as a phrase: `with serving(port, answer)`)
    """A camera server as in the tutorials: a REP socket that answers what `answer` makes of each request."""

    def __init__(self, port: int, answer: Callable[[bytes], list[bytes]]) -> None:
        self.asked: list[bytes] = []
        self._port, self._answer = port, answer
        self._stop = threading.Event()
        self._bound = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera server")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._bound.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        with plain(zmq.REP, self._port) as socket:
            socket.rcvtimeo = 20
            self._bound.set()
            while not self._stop.is_set():
                try:
                    said = socket.recv()
                except zmq.Again:
                    continue
                self.asked.append(said)
                socket.send_multipart(self._answer(said))
