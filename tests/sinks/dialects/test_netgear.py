"""Sending to unmodified NetGear receivers, in all their patterns; and to others that do as they please."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from framebus.core.contracts import Sink
from framebus.core.errors import AddressError, BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.sinks.dialects import open_sink
from framebus.testing import SinkConformance
from framebus.testing.children import PATIENCE_S, Child
from tests.conftest import StartChild
from tests.sinks.dialects.hubs import PICTURES, Inbox, Running, link, picture, plain, sending

RECEIVER = """
import json
import sys
import warnings
warnings.simplefilter("ignore")
from vidgear.gears import NetGear
port, pattern, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
receiver = NetGear(address="127.0.0.1", port=port, pattern=pattern, receive_mode=True, logging=False, **options)
print("ready", flush=True)
number = 0
while True:
    number += 1
    if options.get("bidirectional_mode"):
        got = receiver.recv(return_data={"number": number})
    else:
        got = receiver.recv()
    if got is None:
        break
    message, frame = got if isinstance(got, tuple) else (None, got)
    print("got", json.dumps([message, frame.dtype.name, frame.shape, int(frame.reshape(-1)[0])]), flush=True)
print("ended", flush=True)
receiver.close()
"""

SOCKETS = ("pair", "req", "pub")
patterns = pytest.mark.parametrize("pattern", [0, 1, 2])
asked = pytest.mark.parametrize("pattern", [0, 1])


def receiver(child: StartChild, port: int, pattern: int, **options: Any) -> Child:
    started = child("-c", RECEIVER, str(port), str(pattern), json.dumps(options))
    started.wait_line("^ready$")
    return started


def got(child: Child) -> tuple[Any, str, tuple[int, ...], int]:
    message, dtype, shape, first = json.loads(child.wait_line("^got (.*)$")[1])
    return message, dtype, tuple(shape), first


class TestConformance(SinkConformance):
    @pytest.fixture(autouse=True)
    def hub(self, free_port: int) -> Iterator[None]:
        self.port = free_port
        with plain(zmq.ROUTER, free_port) as socket:
            socket.rcvtimeo = 20

            def answer() -> None:
                identity, number, empty, *_ = socket.recv_multipart()
                socket.send_multipart([identity, number, empty, b"Data received on device: X !"])

            running = Running(answer, lambda: None)
            yield
            running.stop()

    def make(self, tmp_path: Path) -> Sink:
        return open_sink(link(f"netgear+tcp://127.0.0.1:{self.port}"), live=False, socket="req")


class TestUnmodifiedReceivers:
    @patterns
    def test_pixels_and_the_end(self, pattern: int, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, pattern)
        with sending(f"netgear+tcp://localhost:{free_port}", live=False, socket=SOCKETS[pattern]) as (out, _):
            for image in PICTURES.values():
                out.send(image)
                assert got(there)[1:3] == (image.dtype.name, image.shape)
        there.wait_line("^ended$")
        there.succeed()

    @patterns
    def test_jpegs(self, pattern: int, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, pattern)
        with sending(f"netgear+tcp://127.0.0.1:{free_port}", live=False, socket=SOCKETS[pattern], encode="jpeg=90") as (
            out,
            _,
        ):
            for kind in ("colour", "gray"):
                flat = np.full_like(PICTURES[kind], 100)
                out.send(flat)
                _, dtype, shape, first = got(there)
                assert (dtype, shape) == ("uint8", flat.shape)
                assert abs(first - 100) < 3
        there.wait_line("^ended$")

    @asked
    def test_messages_go_there_and_data_comes_back(self, pattern: int, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, pattern, bidirectional_mode=True, jpeg_compression=False)
        answers = Inbox()
        with sending(
            f"netgear+tcp://127.0.0.1:{free_port}",
            live=False,
            socket=SOCKETS[pattern],
            on_reply=lambda frame, answer: answers.put((frame.seq, answer)),
        ) as (out, _):
            for number in range(3):
                out.send(picture(number), meta={"msg": {"text": f"no {number}"}})
                assert got(there)[0] == {"text": f"no {number}"}
            seen = answers.wait_for(3)
        assert [seq for seq, _ in seen] == [0, 1, 2]
        assert all(answer is None or answer.keys() == {"number"} for _, answer in seen)
        assert seen[-1][1] is not None

    @asked
    def test_text_comes_back_where_there_is_no_data(self, pattern: int, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, pattern)
        answers = Inbox()
        where = f"netgear+tcp://127.0.0.1:{free_port}"
        with sending(where, socket=SOCKETS[pattern], on_reply=lambda frame, answer: answers.put(answer)) as (out, _):
            out.send(picture(1))
            got(there)
            assert answers.wait_for(1)[0].startswith("Data received on device: ")

    @patterns
    def test_a_receiver_that_died_and_its_successor(self, pattern: int, free_port: int, child: StartChild) -> None:
        first = receiver(child, free_port, pattern)
        with sending(f"netgear+tcp://127.0.0.1:{free_port}", live=False, socket=SOCKETS[pattern]) as (out, sink):
            taken = threading.Event()
            sink.write(_numbered(1), taken.set)
            got(first)
            assert taken.wait(PATIENCE_S)  # unanswered, it would be sent to the successor again
            first.kill()
            second = receiver(child, free_port, pattern)
            out.send(picture(2))
            assert got(second)[3] == 2

    def test_a_crash_is_no_end(self, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, 1)
        sink = open_sink(link(f"netgear+tcp://127.0.0.1:{free_port}"), live=False, socket="req")
        sink.write(_numbered(1), lambda: None)
        got(there)
        sink.abandon()
        with sending(f"netgear+tcp://127.0.0.1:{free_port}", live=False, socket="req") as (out, _):
            out.send(picture(2))
            assert got(there)[3] == 2
        assert there.stdout.count("ended") <= 1

    def test_the_default_is_theirs(self, free_port: int, child: StartChild) -> None:
        there = receiver(child, free_port, 0)
        with sending(f"netgear+tcp://127.0.0.1:{free_port}") as (out, _):
            out.send(picture(5))
            assert got(there)[3] == 5


class TestOthers:
    def test_the_message_is_theirs(self, free_port: int) -> None:
        with (
            plain(zmq.REP, free_port) as hub,
            sending(f"netgear+tcp://127.0.0.1:{free_port}", socket="req") as (out, _),
        ):
            out.send(PICTURES["colour"], meta={"msg": [1, 2]})
            head, payload = hub.recv_multipart()
            hub.send(b"x")
            assert json.loads(head) == {
                "terminate_flag": False,
                "compression": False,
                "message": [1, 2],
                "pattern": "1",
                "dtype": "uint8",
                "shape": [4, 6, 3],
            }
            assert payload == PICTURES["colour"].tobytes()
            out.close()
            assert json.loads(hub.recv()) == {"terminate_flag": True}

    def test_an_end_that_nobody_confirms(self, free_port: int) -> None:
        with plain(zmq.REP, free_port) as hub:
            with sending(f"netgear+tcp://127.0.0.1:{free_port}", live=False, socket="req") as (out, _):
                out.send(picture(1))
                hub.recv_multipart()
                hub.send(b"x")
            assert json.loads(hub.recv()) == {"terminate_flag": True}

    @pytest.mark.parametrize(
        "answer", [[b"\xff\xfe"], [b"{"], [b"{}", b""], [b""], [b'{"data": NaN}'], [b"x" * 100_000], [b"1"] * 5000]
    )
    def test_answers_that_are_none(self, answer: list[bytes], free_port: int) -> None:
        answers = Inbox()
        with (
            plain(zmq.REP, free_port) as hub,
            sending(
                f"netgear+tcp://127.0.0.1:{free_port}",
                live=False,
                socket="req",
                on_reply=lambda frame, answer: answers.put(answer),
            ) as (out, _),
        ):
            for reply in (answer, [b"fine"]):
                out.send(picture(1))
                hub.recv_multipart()
                hub.send_multipart(reply)
            answers.wait(lambda items: "fine" in items)

    def test_an_array_comes_back(self, free_port: int) -> None:
        head = {"return_type": "ndarray", "compression": False, "array_dtype": "uint8", "array_shape": [2, 3]}
        answers = Inbox()
        with (
            plain(zmq.PAIR, free_port) as hub,
            sending(f"netgear+tcp://127.0.0.1:{free_port}", on_reply=lambda f, answer: answers.put(answer)) as (out, _),
        ):
            out.send(picture(1))
            hub.recv_multipart()
            hub.send_multipart([json.dumps(head).encode(), bytes(range(6))])
            [array] = answers.wait_for(1)
        assert np.array_equal(array, np.arange(6).reshape(2, 3))

    def test_a_slow_subscriber_gets_the_newest(self, free_port: int) -> None:
        with (
            plain(zmq.SUB, free_port) as hub,
            sending(f"netgear+tcp://127.0.0.1:{free_port}", socket="pub") as (out, sink),
        ):
            large = np.zeros((1000, 1000), np.uint8)
            while not hub.poll(5):
                out.send(large)
            for number in range(300):
                out.send(np.full_like(large, 1 + number % 200))
            out.send(np.full_like(large, 255))
            marks: list[int] = []
            while not marks or marks[-1] != 255:
                marks.append(hub.recv_multipart()[1][0])
        assert sink.unseen > 0
        assert len(marks) < 300


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "options", "error", "why"),
        [
            ("netgear+tcp://:5454", {}, AddressError, "names no receiver"),
            ("netgear+tcp://a:5454", {"listen": True}, OptionError, "receivers listen"),
            ("netgear+tcp://a:5454", {"socket": "rep"}, OptionError, "'req' \\(pattern 1\\)"),
            ("netgear+tcp://a:5454", {"socket": "pub", "on_reply": print}, OptionError, "not answered"),
            ("netgear+tcp://a:5454,b:5454", {"socket": "pub"}, OptionError, "one receiver"),
            ("netgear+tcp://a:5454", {"insecure": True}, OptionError, "no option 'insecure'"),
        ],
    )
    def test_at_once(self, text: str, options: dict[str, Any], error: type[Exception], why: str) -> None:
        with pytest.raises(error, match=why):
            open_sink(link(text), **options)

    def test_text_that_json_cannot_carry(self, free_port: int) -> None:
        with sending(f"netgear+tcp://127.0.0.1:{free_port}") as (out, _), pytest.raises(BadFrame, match=r"meta\.msg"):
            out.send(picture(1), meta={"msg": {1, 2}})


def _numbered(number: int) -> Frame:
    return Frame.of(picture(number), stream="x", run=7, seq=number)
