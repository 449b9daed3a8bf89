"""What a peer may send in good shape and bad meaning: broken headers, wrong versions, odd requests.

The peers here are plain ZeroMQ sockets that say by hand what framebus would say. Whatever they say, the process lives,
others are served, the message is counted, and one line is logged.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import zmq

import framebus as fb
from framebus.core.frame import Frame
from framebus.testing.links import WAIT_S, Array, Reading, numbers, picture
from tests.conftest import StartChild
from tests.waiting import until

RUN = "00000000000000ab"
PIXELS = bytes(12)
HEADER = {
    "msg": "cam",
    "dtype": "uint8",
    "shape": [2, 2, 3],
    "fb": 1,
    "stream": "cam",
    "run": RUN,
    "seq": 0,
    "captured_ns": "1",
    "format": "bgr24",
}


class Plain:
    """A ZeroMQ socket without framebus."""

    def __init__(self, address: str, kind: int = zmq.DEALER) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(kind)
        self._socket.linger = 0
        self._socket.connect(address)
        self.session = secrets.token_hex(8)

    def send(self, *parts: bytes) -> None:
        self._socket.send_multipart(parts)

    def say(self, op: str, **fields: Any) -> None:
        self.send(json.dumps({"fb": 1, "op": op, "session": self.session, **fields}).encode())

    def hear(self, op: str) -> dict[str, Any]:
        """The next control message of that kind."""
        while True:
            assert self._socket.poll(int(WAIT_S * 1000)), f"no {op} came"
            parts = [part for part in self._socket.recv_multipart() if part]
            message: dict[str, Any] = json.loads(parts[0]) if parts else {}
            if len(parts) == 1 and message["op"] == op:
                return message

    def receive(self) -> list[bytes]:
        assert self._socket.poll(int(WAIT_S * 1000)), "nothing came"
        return self._socket.recv_multipart()

    def close(self) -> None:
        self._context.destroy(0)


@pytest.fixture
def address(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def plain(address: str) -> Iterator[Plain]:
    made = Plain(address)
    yield made
    made.close()


def header(**changes: Any) -> bytes:
    """A header that is right but for `changes`; None leaves a key out."""
    fields = {**HEADER, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


NO_FRAMES: dict[str, list[bytes]] = {
    "empty header": [b"", PIXELS],
    "no JSON": [b"\xff\xfe\x00", PIXELS],
    "a header of a megabyte": [b'{"msg":"' + bytes([65]) * (1 << 20) + b'"}', PIXELS],
    "endless nesting": [b'{"fb":1,"stream":"cam","meta":' + b"[" * 50_000, PIXELS],
    "not a number": [header().replace(b'"seq": 0', b'"seq": NaN'), PIXELS],
    "a number of 5000 digits": [header().replace(b'"seq": 0', b'"seq": ' + b"9" * 5000), PIXELS],
    "negative shape": [header(shape=[-2, -2, 3]), PIXELS],
    "shape beyond the bytes": [header(shape=[2**31, 2**31, 3]), PIXELS],
    "shape that overflows 64 bits": [header(shape=[2**32, 2**32, 12]), PIXELS],
    "too few bytes": [header(), PIXELS[:-1]],
    "objects": [header(dtype="object"), PIXELS],
    "records": [header(dtype="u1,u4"), PIXELS],
    "name that climbs": [header(stream="../../etc/passwd"), PIXELS],
    "name with a terminal escape": [header(stream="\x1b[2J"), PIXELS],
    "name of 10 kB": [header(stream="a" * 10_000), PIXELS],
    "time before time": [header(captured_ns="-5"), PIXELS],
    "time beyond time": [header(captured_ns="9" * 30), PIXELS],
    "one part too many": [header(), PIXELS, PIXELS],
    "8 parts": [b""] * 8,
    "a picture that is none": [header(dtype=None, shape=None, encoding="jpeg"), b"no picture"],
}

NO_MESSAGES: dict[str, list[bytes]] = {
    "no JSON": [b"\x00\x01\x02"],
    "endless nesting": [b"[" * 50_000],
    "a control message of a megabyte": [b'{"fb":1,"op":"ping","x":"' + b"x" * (1 << 20) + b'"}'],
    "no op": [b'{"fb":1}'],
    "unknown op": [b'{"fb":1,"op":"explode"}'],
    "negative credit": [b'{"fb":1,"op":"credit","credit":-5}'],
    "endless credit": [b'{"fb":1,"op":"credit","credit":1e400}'],
    "pattern that is none": [b'{"fb":1,"op":"credit","credit":1,"want":"**"}'],
    "deep status": [b'{"fb":1,"op":"observe","status":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}"],
    "frames for a publisher": [header(), PIXELS],
}


@pytest.mark.parametrize("parts", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_a_publisher_refuses_what_is_no_message_and_serves_the_others(
    address: str, plain: Plain, parts: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        out.send(picture(0))
        plain.send(*parts)
        assert plain.hear("refuse")["message"]
        for number in range(1, 20):
            out.send(picture(number))
        assert out.stats().rejected == 1
    assert numbers(reading.result()) == list(range(20))
    assert caplog.text.count("message refused (1 so far)") == 1


@pytest.mark.parametrize("parts", NO_FRAMES.values(), ids=NO_FRAMES)
def test_a_hub_refuses_what_is_no_frame_and_hears_the_others(
    address: str, plain: Plain, parts: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    hub = fb.open(address, listen=True, keep="all", timeout=WAIT_S)
    reading = Reading(hub, lambda frames: len(frames) == 20)
    with fb.publish(f"{address}/other", listen=False, wait_for=1, when_full="wait") as out:
        _publish_by_hand(plain)
        for number in range(10):
            out.send(picture(number))
        plain.send(*parts)
        assert plain.hear("refuse")["message"]
        for number in range(10, 20):
            out.send(picture(number))
        assert numbers(reading.result()) == list(range(20))
        out.abandon()  # the hub is closed: nobody is left to confirm the last frame
    assert hub.stats().rejected == 1
    assert caplog.text.count("message refused (1 so far)") == 1
    assert "\x1b" not in caplog.text


def test_whoever_sends_more_parts_than_any_message_has_is_cut_off_and_the_others_are_heard(
    address: str, plain: Plain, caplog: pytest.LogCaptureFixture
) -> None:
    with fb.open(address, listen=True, keep="all", timeout=WAIT_S) as hub:
        _publish_by_hand(plain)
        plain.send(*[b"part"] * 100)
        with fb.publish(f"{address}/other", listen=False, wait_for=1, when_full="wait") as out:
            out.send(picture(1))
            assert hub.read().seq == 0
            out.abandon()
        deadline = time.monotonic() + WAIT_S
        while "was cut off: it sent a message of more than 8 parts" not in caplog.text:
            assert time.monotonic() < deadline, caplog.text
            threading.Event().wait(0.002)


def _publish_by_hand(plain: Plain) -> None:
    plain.say("hello", role="publisher", live=False)
    plain.hear("welcome")
    plain.say("welcome", role="publisher", live=False)


def test_numbers_that_go_backwards_jump_or_end_are_frames_and_gaps(address: str, plain: Plain) -> None:
    last = 2**53 - 1
    with fb.open(address, listen=True, keep="all", timeout=WAIT_S) as hub:
        _publish_by_hand(plain)
        got = []
        for seq, run in ((5, RUN), (2, RUN), (last, RUN), (0, "00000000000000cd")):
            plain.send(header(seq=seq, run=run), PIXELS)
            got.append((frame := hub.read()).seq)
            assert isinstance(frame, Frame)
            assert frame.missed >= 0
        assert got[0] == 5
        assert got[-1] == 0
        assert hub.stats().rejected == 0


# another version ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("versions", "older"), [([2, 3], "here"), ([0, 0], "pi")])
@pytest.mark.parametrize("listener", ["publisher", "hub"])
def test_a_caller_of_another_version_is_told_which_side_to_upgrade(
    address: str, plain: Plain, listener: str, versions: list[int], older: str, caplog: pytest.LogCaptureFixture
) -> None:
    role = "reader" if listener == "publisher" else "publisher"
    with fb.publish(address) if listener == "publisher" else fb.open(address, listen=True):
        party = {"hostname": "pi", "command": "python old.py"}
        plain.send(
            json.dumps(
                {"fb": versions[1], "op": "hello", "role": role, "versions": versions} | {"party": party}
            ).encode()
        )
        refusal = plain.hear("refuse")
    assert refusal["code"] == "version"
    whom = "python old.py on pi" if older == "pi" else os.uname().nodename
    assert whom in refusal["message"].partition("upgrade framebus for")[2]
    assert refusal["message"] in caplog.text  # both sides are told


def test_a_listener_of_another_version_is_a_clear_end(address: str) -> None:
    context = zmq.Context()
    with context.socket(zmq.ROUTER) as later:
        later.linger = 0
        later.bind(address)
        with fb.open(address, timeout=WAIT_S) as source:
            threading.Thread(target=_refuse_versions, args=(later,)).start()
            with pytest.raises(fb.errors.Closed, match=r"refused: .*; upgrade framebus for python cam.py on pi"):
                source.read()
    context.term()


def _refuse_versions(later: zmq.Socket[bytes]) -> None:
    while True:
        peer, part = later.recv_multipart()
        if b"hello" in part:
            text = "protocol versions do not meet: … ; upgrade framebus for python cam.py on pi"
            later.send_multipart(
                [peer, json.dumps({"fb": 2, "op": "refuse", "code": "version", "message": text}).encode()]
            )
            return


# one request, one frame -----------------------------------------------------------------------------------------


def test_a_plain_request_socket_gets_one_frame_for_each_request(address: str) -> None:
    plain = Plain(address, zmq.REQ)
    with fb.publish(f"{address}/door") as out:
        for number in range(5):
            plain.send(b'{"fb":1,"op":"credit","want":"door","credit":1}')
            until(lambda: bool(out.stats().readers))
            out.send(picture(number))
            head, payload = plain.receive()
            assert json.loads(head)["stream"] == "door"
            assert payload == picture(number).tobytes()
    plain.close()


def test_who_takes_no_answers_is_cut_off_and_costs_nothing(
    address: str, child: StartChild, caplog: pytest.LogCaptureFixture
) -> None:
    greedy = (
        "import sys, zmq\n"
        "socket = zmq.Context().socket(zmq.DEALER)\n"
        "socket.rcvhwm, socket.rcvbuf = 1, 65536\n"
        "socket.connect(sys.argv[1])\n"
        'socket.send(b\'{"fb":1,"op":"credit","credit":1000000000}\')\n'
        "sys.stdin.read()\n"
        "import signal; signal.pause()\n"
    )
    with fb.publish(address, when_full="wait") as out:
        child("-c", greedy, address)
        until(lambda: bool(out.stats().readers))
        sent = 0
        while out.stats().readers:
            out.send(picture(sent % 256, (500, 500)))
            sent += 1
            assert sent < 1000, "frames are kept for a reader that does not read"
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S), lambda got: len(got) == 10)
        until(lambda: bool(out.stats().readers))
        for number in range(10):
            out.send(picture(number))
        assert len(reading.result()) == 10
    assert caplog.text.count("does not read what it asked for") == 1


# pictures and users ---------------------------------------------------------------------------------------------


def test_frames_may_change_shape_type_and_colours_at_any_time(address: str) -> None:
    pictures: list[Array] = [
        np.zeros((4, 6, 3), np.uint8),
        np.ones((9, 2), np.uint16),
        np.zeros((1, 1, 3), np.uint8),
        np.ones((3, 3, 3, 3), np.float64),
        np.zeros((4, 6, 3), np.uint8),
    ]
    reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        for image in pictures:
            out.send(image)
    for frame, image in zip(reading.result(), pictures, strict=True):
        assert (frame.shape, frame.dtype) == (image.shape, image.dtype)


@pytest.mark.parametrize(
    "image", [np.array([{}]), np.zeros(3, "u1,u4"), np.array(["text"]), np.array(["2026"], "M8[Y]")]
)
def test_what_is_no_picture_is_refused_where_it_is_sent_also_when_somebody_reads(address: str, image: Array) -> None:
    with fb.publish(address) as out, fb.open(address, timeout=WAIT_S) as source:
        reading = Reading(source, lambda frames: True)
        until(lambda: bool(out.stats().readers))
        with pytest.raises(fb.errors.Error):
            out.send(image)
        out.send(picture(7))
        assert numbers(reading.result()) in ([0], [1])


def test_a_frame_larger_than_a_link_takes_is_refused_where_it_is_sent(address: str) -> None:
    with fb.publish(address) as out, fb.open(address, timeout=WAIT_S) as source:
        reading = Reading(source, lambda frames: True)
        until(lambda: bool(out.stats().readers))
        with pytest.raises(
            fb.errors.BadFrame, match="256000001 bytes: the limit of a link is 256000000; send a smaller"
        ):
            out.send(np.zeros(256_000_001, np.uint8))
        out.send(picture(7))
        assert reading.result()[0].image.sum() == picture(7).sum()


def test_a_source_of_the_parent_is_refused_in_a_forked_child(address: str) -> None:
    with fb.publish(address), fb.open(address, timeout=WAIT_S) as source:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                source.read(timeout=5)
            except fb.errors.Closed as error:
                os.write(write, str(error).encode())
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert b"belongs to process" in os.read(read, 1000)
        os.close(read)
        os.close(write)
