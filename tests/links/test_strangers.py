"""What strangers on an open port cost the ones who belong there: nothing but a line in the log."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
import zmq

import framebus as fb
from framebus.links import descriptors, sockets
from framebus.links.memory import resident_bytes
from framebus.testing.links import WAIT_S, Reading, numbers, picture
from framebus.testing.raw_zmtp import GREETING, HUGE, MIB, ended, flood, part, shake_hands
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(not descriptors.counts_received(), reason="this system does not count bytes")


@pytest.fixture
def address(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def stranger(free_port: int) -> Iterator[Callable[[], socket.socket]]:
    """Raw connections to the port, closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", free_port), timeout=WAIT_S))

        yield connect


def said(caplog: pytest.LogCaptureFixture, text: str) -> int:
    """In how many lines of the log `text` stands."""
    return sum(text in record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)


# floods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["publisher", "hub"])
def test_a_message_without_end_is_cut_off_while_everybody_else_goes_on(
    address: str, stranger: Callable[[], socket.socket], caplog: pytest.LogCaptureFixture, end: str
) -> None:
    hub = end == "hub"
    reading = Reading(fb.open(address, keep="all", listen=hub, timeout=WAIT_S), lambda frames: len(frames) == 200)
    with fb.publish(f"{address}/cam", listen=not hub, wait_for=1, when_full="wait") as out:
        out.send(picture(0))
        connection = stranger()
        shake_hands(connection)
        before = resident_bytes()
        taken: list[int] = []
        flooding = threading.Thread(target=lambda: taken.append(flood(connection, part(bytes(MIB), last=False))))
        flooding.start()
        number = 1
        while flooding.is_alive() or number < 200:
            out.send(picture(number % 256))
            number += 1
        flooding.join()
        assert taken[0] < 200 * MIB
        assert resident_bytes() - before < 200 * MIB
        assert numbers(reading.result()) == list(range(200))
    assert said(caplog, "was cut off") == 1


def test_an_announced_part_of_eight_gigabytes_ends_the_connection_and_nothing_else(
    address: str, stranger: Callable[[], socket.socket]
) -> None:
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for length in HUGE:
            connection = stranger()
            shake_hands(connection)
            connection.sendall(b"\x02" + struct.pack(">Q", length) + bytes(1000))
            assert ended(connection)
        for number in range(20):
            out.send(picture(number))
    assert numbers(reading.result()) == list(range(20))


def test_any_number_of_bad_messages_is_refused_in_a_few_lines(address: str, caplog: pytest.LogCaptureFixture) -> None:
    context = zmq.Context()
    with fb.publish(address, wait_for=1, when_full="wait") as out, context.socket(zmq.DEALER) as plain:
        plain.linger = 0
        plain.connect(address)
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(20):
            for _ in range(50):
                plain.send(b"rubbish")
                assert plain.poll(int(WAIT_S * 1000))
                assert b"refuse" in plain.recv()
            out.send(picture(number))
        assert out.stats().rejected == 1000
    context.term()
    assert numbers(reading.result()) == list(range(20))
    assert said(caplog, "message refused") == 10  # the 1st, 2nd, 4th … 512th


# crowds ---------------------------------------------------------------------------------------------------------


def test_a_thousand_connections_that_say_nothing_disturb_nobody(
    address: str, stranger: Callable[[], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip(f"this system allows only {hard} descriptors")
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        crowd = [stranger() for _ in range(1000)]
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(50):
            out.send(picture(number))
        for connection in crowd:
            connection.close()
    assert numbers(reading.result()) == list(range(50))
    assert len(caplog.records) < 10


def test_handshakes_a_byte_at_a_time_keep_nobody_waiting(address: str, stranger: Callable[[], socket.socket]) -> None:
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        slow = [stranger() for _ in range(20)]
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(20):
            for connection in slow:
                connection.sendall(GREETING[number : number + 1])
            out.send(picture(number))
        out.close()
        assert numbers(reading.result()) == list(range(20))


# the first moment -----------------------------------------------------------------------------------------------


def test_nobody_can_connect_to_a_listener_before_it_is_watched() -> None:
    bound: list[str] = []
    domain = secrets.token_hex(8)
    watch = lambda socket: bound.append(sockets.bound_to(socket))  # noqa: E731
    with sockets.listener("tcp://127.0.0.1:0", domain=domain, before_binding=watch):
        assert bound == [""]


# other processes ------------------------------------------------------------------------------------------------

HUB = """
import os, sys, framebus as fb
with fb.open(sys.argv[1], listen=True, keep="all") as frames:
    print("listening", os.getpid(), flush=True)
    for frame in frames:
        print(frame.stream, frame.seq, frame.missed, flush=True)
"""


def test_one_process_survives_everything_in_a_row(
    address: str, child: StartChild, stranger: Callable[[], socket.socket]
) -> None:
    hub = child("-c", HUB, address)
    hub.wait_line(f"listening {hub.pid}")
    with fb.publish(f"{address}/cam", listen=False, wait_for=1, when_full="wait") as out:
        for number, words in enumerate(
            (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(500), os.urandom(100_000), b"")
        ):
            with contextlib.suppress(ConnectionError):
                stranger().sendall(words)
            connection = stranger()
            shake_hands(connection)
            connection.sendall(b"\x01\x05junk!" + b"\x00\x04more")
            connection.sendall(b'\x00\x06{"fb":')
            hello = json.dumps({"fb": 1, "op": "hello", "role": "reader"}).encode()
            connection.sendall(bytes([0, len(hello)]) + hello)
            out.send(picture(number))
            hub.wait_line(rf"cam {number} 0")
    assert hub.process.poll() is None
