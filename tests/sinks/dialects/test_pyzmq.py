"""Sending to scripts that use pyzmq by itself: subscribers, workers that pull, clients of a camera server."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from framebus.core.contracts import Sink
from framebus.core.errors import Closed, OptionError, Timeout
from framebus.core.frame import Frame
from framebus.sinks.dialects import open_sink
from framebus.testing import SinkConformance
from tests.sinks.dialects.hubs import PICTURES, Inbox, Running, link, mark, picture, plain, sending


class TestConformance(SinkConformance):
    """The camera server, which is the one that waits for answers."""

    @pytest.fixture(autouse=True)
    def client(self, free_port: int) -> Iterator[None]:
        self.port = free_port
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.linger, socket.rcvtimeo, socket.sndtimeo = 0, 20, 20
            socket.connect(f"tcp://127.0.0.1:{free_port}")

            def ask() -> None:
                socket.send_multipart([b"", b"read"])
                socket.recv_multipart()

            running = Running(ask, lambda: None)
            yield
            running.stop()

    def make(self, tmp_path: Path) -> Sink:
        return open_sink(link(f"pyzmq+tcp://127.0.0.1:{self.port}"), live=False, socket="rep")


class TestSubscribers:
    @pytest.mark.parametrize("kind", PICTURES)
    def test_a_topic_and_a_pickle(self, kind: str, free_port: int) -> None:
        with plain(zmq.SUB, free_port, connect=True) as script:
            with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", live=False) as (out, _):
                out.send(PICTURES[kind], stream="camera_frame")
                topic, body = script.recv_multipart()
            end = script.recv_multipart()
        image = pickle.loads(body)  # noqa: S301  (our own bytes)
        assert topic == b"camera_frame"
        assert image.dtype == PICTURES[kind].dtype
        assert np.array_equal(image, PICTURES[kind])
        assert end == [b"camera_frame", pickle.dumps("stop", 4)], "which ends the subscribers of the tutorials"

    def test_each_topic_is_ended(self, free_port: int) -> None:
        with plain(zmq.SUB, free_port, connect=True) as script:
            with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", live=False) as (out, _):
                for name in ("one", "other", "one"):
                    out.send(picture(1), stream=name)
            topics = [script.recv_multipart()[0] for _ in range(5)]
        assert topics == [b"one", b"other", b"one", b"one", b"other"]

    def test_the_recipe(self, free_port: int) -> None:
        with (
            plain(zmq.SUB, free_port, connect=True) as script,
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", live=False, message="recipe") as (out, _),
        ):
            out.send(picture(7))
            assert script.recv_multipart() == [b'{"dtype": "uint8", "shape": [2, 3]}', bytes([7] * 6)]

    def test_one_that_listens_itself(self, free_port: int) -> None:
        inbox = Inbox()
        with plain(zmq.SUB, free_port) as script:
            script.rcvtimeo = 20
            running = Running(lambda: inbox.put(script.recv_multipart()), lambda: None)
            with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", live=False, listen=False) as (out, sink):
                assert not sink.listens
                for number in range(20):
                    out.send(picture(number), stream="cam")
            came = inbox.wait_for(21)
            running.stop()
        assert [mark(pickle.loads(body)) for _, body in came[:20]] == list(range(20))  # noqa: S301  (our own bytes)
        assert pickle.loads(came[20][1]) == "stop"  # noqa: S301  (our own bytes)


class TestWorkers:
    def test_each_frame_goes_to_one_of_them(self, free_port: int) -> None:
        with (
            plain(zmq.PULL, free_port, connect=True) as one,
            plain(zmq.PULL, free_port, connect=True) as other,
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", live=False, socket="push") as (out, _),
        ):
            marks: list[int] = []
            for number in range(40):
                out.send(picture(number))
                marks += _waiting(one) + _waiting(other)
            while len(marks) < 40:
                marks += _waiting(one) + _waiting(other)
        assert sorted(marks) == list(range(40))

    def test_who_listens_itself(self, free_port: int) -> None:
        where = f"pyzmq+tcp://127.0.0.1:{free_port}"
        with (
            plain(zmq.PULL, free_port) as script,
            sending(where, live=False, listen=False, socket="push", message="recipe") as (out, _),
        ):
            out.send(picture(9))
            assert script.recv_multipart()[1] == bytes([9] * 6)

    def test_a_live_source_does_not_wait_for_them(self, free_port: int) -> None:
        with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="push") as (out, sink):
            for number in range(50):
                out.send(picture(number))
            assert sink.unseen >= 48


class TestCameraServer:
    def test_read_gives_the_newest_picture_and_each_once(self, free_port: int) -> None:
        with (
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep") as (out, _),
            plain(zmq.REQ, free_port, connect=True) as client,
        ):
            for number in range(20):
                out.send(picture(number))
            assert _read(client) == 19
            client.send(b"read")
            assert not client.poll(20), "it waits for one it has not had"
            out.send(picture(20))
            assert mark(pickle.loads(client.recv())) == 20  # noqa: S301

    def test_the_same_again_where_nothing_new_comes(self, free_port: int) -> None:
        with (
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep") as (out, _),
            plain(zmq.REQ, free_port, connect=True) as client,
        ):
            out.send(picture(3))
            assert [_read(client), _read(client)] == [3, 3]

    def test_who_asks_first_waits_for_the_first_picture(self, free_port: int) -> None:
        with (
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep", message="recipe") as (out, _),
            plain(zmq.REQ, free_port, connect=True) as client,
        ):
            client.send(b"read")
            assert not client.poll(20)
            out.send(picture(1))
            assert client.recv_multipart()[1] == bytes([1] * 6)

    def test_every_frame_of_a_finite_source_is_read_by_somebody(self, free_port: int) -> None:
        marks: list[int] = []
        with plain(zmq.REQ, free_port, connect=True) as client:
            running = Running(lambda: marks.append(_read(client)) if len(marks) < 20 else None, lambda: None)
            with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep", live=False) as (out, _):
                for number in range(20):
                    out.send(picture(number))
            running.stop()
        assert marks == list(range(20))

    def test_stop_ends_it(self, free_port: int) -> None:
        sink = open_sink(link(f"pyzmq+tcp://127.0.0.1:{free_port}"), socket="rep")
        with plain(zmq.REQ, free_port, connect=True) as client:
            sink.write(_frame(1), _nothing)
            assert _read(client) == 1
            client.send(b"stop")
            assert client.recv() == b"Stopping server"
        sink.close()
        with pytest.raises(Closed, match="a client sent 'stop'"):
            sink.write(_frame(2), _nothing)

    @pytest.mark.parametrize(
        "request_", [[b"snap"], [b""], [b"read", b"x"], [b"READ"], [b"\xff" * 1000], [pickle.dumps("read")], [b""] * 5]
    )
    def test_anything_else_is_answered_too(self, request_: list[bytes], free_port: int) -> None:
        with (
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep") as (out, _),
            plain(zmq.REQ, free_port, connect=True) as client,
        ):
            out.send(picture(4))
            client.send_multipart(request_)
            assert client.recv().startswith(b"unknown request: send 'read'")
            assert _read(client) == 4

    def test_clients_without_manners_hold_up_nobody(self, free_port: int) -> None:
        with (
            sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep") as (out, _),
            plain(zmq.DEALER, free_port, connect=True) as odd,
            plain(zmq.REQ, free_port, connect=True) as client,
        ):
            for message in ([b"read"], [b""], [b"", b"", b"", b""], [b"x"] * 3000, [b"abcd", b"", b"read"]):
                odd.send_multipart(message)
            out.send(picture(4))
            assert _read(client) == 4

    def test_who_still_waits_at_the_end_is_told(self, free_port: int) -> None:
        with plain(zmq.REQ, free_port, connect=True) as client:
            with sending(f"pyzmq+tcp://127.0.0.1:{free_port}", socket="rep") as (out, _):
                out.send(picture(1))
                assert _read(client) == 1
                client.send(b"read")
                assert not client.poll(20)
            assert client.recv().startswith((b"there are no more pictures", b"\x80"))

    def test_frames_that_nobody_reads_any_more(self, free_port: int) -> None:
        where = f"pyzmq+tcp://127.0.0.1:{free_port}"
        sink = open_sink(link(where), socket="rep", live=False, patience=0.05)
        with plain(zmq.REQ, free_port, connect=True) as client:
            sink.write(_frame(0), _nothing)
            assert _read(client) == 0
            sink.write(_frame(1), _nothing)
            with pytest.raises(Timeout, match="has taken nothing"):
                sink.close()


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "options", "why"),
        [
            ("pyzmq+tcp://a:5555", {"socket": "sub"}, "'pub', 'push', 'rep'"),
            ("pyzmq+tcp://a:5555", {"message": "json"}, "'pickle' or 'recipe'"),
            ("pyzmq+tcp://a:5555", {"socket": "rep"}, "a camera server listens"),
            ("pyzmq+tcp://a:5555,b:5555", {}, "one place"),
            ("pyzmq+tcp://a:5555", {"encode": "jpeg"}, "carry arrays"),
            ("pyzmq+tcp://a:5555", {"on_reply": print}, "no option 'on_reply'"),
        ],
    )
    def test_at_once(self, text: str, options: dict[str, Any], why: str) -> None:
        with pytest.raises(OptionError, match=why):
            open_sink(link(text), **options)


def _read(client: zmq.Socket[bytes]) -> int:
    client.send(b"read")
    return mark(pickle.loads(client.recv()))  # noqa: S301  (our own bytes)


def _waiting(script: zmq.Socket[bytes]) -> list[int]:
    return [mark(pickle.loads(script.recv()))] if script.poll(1) else []  # noqa: S301  (our own bytes)


def _frame(number: int) -> Frame:
    return Frame.of(picture(number), stream="cam", run=7, seq=number)


def _nothing() -> None:
    """Nobody waits."""
