"""Sending to imageZMQ hubs: unmodified ones that answer or subscribe, dying ones, hanging ones, hostile ones."""

from __future__ import annotations

import json
import re
import socket as system
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
import zmq

from framebus.core.contracts import Sink
from framebus.core.errors import BadFrame, Closed, OptionError, Timeout, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.publisher import Publisher
from framebus.sinks.dialects import open_sink
from framebus.testing import SinkConformance
from framebus.wire.dialects import imagezmq
from tests.conftest import StartChild
from tests.sinks.dialects.hubs import PICTURES, Hub, link, mark, picture, plain, sending

CHILD = """
import sys
import imagezmq
hub = imagezmq.ImageHub("tcp://127.0.0.1:" + sys.argv[1])
print("ready", flush=True)
while True:
    text, image = hub.recv_image()
    print("got", image[0, 0], flush=True)
    if len(sys.argv) > 2 and image[0, 0] == int(sys.argv[2]):
        sys.stdin.read()
        import time
        time.sleep(1000)
    hub.send_reply()
"""
"""A hub that prints the number of each picture, and never answers the one given, if one is."""


class TestConformance(SinkConformance):
    @pytest.fixture(autouse=True)
    def hub(self, free_port: int) -> Iterator[None]:
        self.port = free_port
        with plain(zmq.ROUTER, free_port) as socket:
            stop = threading.Event()
            thread = threading.Thread(target=_answer_everything, args=(socket, stop), name="hub")
            thread.start()
            yield
            stop.set()
            thread.join()

    def make(self, tmp_path: Path) -> Sink:
        return open_sink(link(f"imagezmq+tcp://127.0.0.1:{self.port}"), listen=False, live=False)


class TestAnsweringHubs:
    @pytest.mark.parametrize("kind", PICTURES)
    def test_images(self, kind: str, free_port: int) -> None:
        with Hub(free_port) as hub, sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False) as (out, _):
            out.send(PICTURES[kind], stream="porch")
            [(text, image)] = hub.inbox.wait_for(1)
        assert text == "porch"
        assert image.dtype == PICTURES[kind].dtype
        assert np.array_equal(image, PICTURES[kind])

    def test_jpgs(self, free_port: int) -> None:
        where = f"imagezmq+tcp://127.0.0.1:{free_port}"
        with Hub(free_port, jpg=True) as hub, sending(where, listen=False, encode="jpeg=90") as (out, _):
            out.send(PICTURES["colour"], stream="porch", meta={"msg": "porch cam|jpg"})
            [(text, jpg)] = hub.inbox.wait_for(1)
        assert text == "porch cam|jpg"
        assert simplejpeg.decode_jpeg(jpg).shape == (4, 6, 3)

    def test_every_frame_of_a_finite_source_arrives_in_order(self, free_port: int) -> None:
        replies: list[tuple[int, Any]] = []
        with (
            Hub(free_port, reply=b"fine") as hub,
            sending(
                f"imagezmq+tcp://127.0.0.1:{free_port}",
                listen=False,
                live=False,
                on_reply=lambda frame, answer: replies.append((frame.seq, answer)),
            ) as (out, sink),
        ):
            for number in range(50):
                out.send(picture(number), stream="cam")
            out.close()
            assert [mark(image) for _, image in hub.inbox.items] == list(range(50))
        assert replies == [(number, b"fine") for number in range(50)]
        assert sink.unseen == 0

    def test_who_it_is_rides_in_the_header(self, free_port: int) -> None:
        frame = Frame.of(picture(1), stream="cam", run=7, seq=9, captured_ns=5, meta={"msg": "x", "t": 1})
        with (
            plain(zmq.REP, free_port) as hub,
            sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False) as (out, _),
        ):
            out.send(frame)
            parts = hub.recv_multipart()
            hub.send(b"OK")
        assert len(parts) == 2, "a third part would leave an unmodified hub unable to answer"
        assert list(json.loads(parts[0]))[:3] == ["msg", "dtype", "shape"]
        there = imagezmq.decode(parts)
        assert (there.identity, there.captured_ns, there.meta) == (frame.identity, 5, {"msg": "x", "t": 1})

    def test_packets_are_refused(self, free_port: int) -> None:
        packet = Packet(data=memoryview(b"\0\0\0\1"), codec="h264", key=True, pts=0, dts=0, stream="x", run=1)
        with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False) as (out, _):
            with pytest.raises(BadFrame, match="not coded video"):
                out.send(packet)
            with pytest.raises(BadFrame, match=r"meta\.msg"):
                out.send(picture(1), meta={"msg": object()})


class TestTrouble:
    def test_a_hub_that_starts_late(self, free_port: int) -> None:
        with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False, live=False) as (out, _):
            out.send(picture(1))
            with Hub(free_port) as hub:
                hub.inbox.wait_for(1)

    def test_a_hub_that_dies_with_a_frame_in_hand_gets_it_again(self, free_port: int, child: StartChild) -> None:
        first = child("-c", CHILD, str(free_port), "3", stdin="")
        first.wait_line("ready")
        with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False, live=False) as (out, _):
            for number in range(5):
                out.send(picture(number))
            first.wait_line("got 3")
            first.kill()
            second = child("-c", CHILD, str(free_port))
            out.send(picture(5))
            out.send(picture(6))
            out.close()
            for number in (3, 4, 5, 6):
                second.wait_line(f"got {number}")

    def test_a_live_source_goes_on_while_the_hub_is_away(self, free_port: int, child: StartChild) -> None:
        first = child("-c", CHILD, str(free_port), "1", stdin="")
        with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", listen=False) as (out, sink):
            out.send(picture(0))
            first.wait_line("got 0")
            out.send(picture(1))
            first.wait_line("got 1")
            first.kill()
            for number in range(2, 250):
                out.send(picture(number))
            second = child("-c", CHILD, str(free_port))
            second.wait_line("got 249")
            assert sink.unseen == 248, "all that were replaced, the one that died with its hub too"

    def test_the_next_hub_takes_over(self, free_ports: Callable[[], int], child: StartChild) -> None:
        one, other = free_ports(), free_ports()
        first = child("-c", CHILD, str(one), "1", stdin="")
        first.wait_line("ready")
        with Hub(other) as spare, sending(f"imagezmq+tcp://127.0.0.1:{one},127.0.0.1:{other}", live=False) as (out, _):
            out.send(picture(0))
            first.wait_line("got 0")
            out.send(picture(1))
            first.wait_line("got 1")
            first.kill()
            out.send(picture(2))
            assert [mark(image) for _, image in spare.inbox.wait_for(2)] == [1, 2]

    def test_the_next_hub_is_tried_where_the_first_never_answers(self, free_ports: Callable[[], int]) -> None:
        one, other = free_ports(), free_ports()
        where = f"imagezmq+tcp://127.0.0.1:{one},127.0.0.1:{other}"
        with plain(zmq.REP, one), Hub(other) as spare, sending(where, live=False, patience=0.1) as (out, _):
            out.send(picture(1))
            spare.inbox.wait_for(1)

    def test_a_hub_that_hangs_is_named_after_the_patience(self, free_port: int) -> None:
        where = f"imagezmq+tcp://127.0.0.1:{free_port}"
        with plain(zmq.REP, free_port) as hub:
            sink = open_sink(link(where), listen=False, live=False, patience=0.05)
            sink.write(_frame(0), _nothing)
            hub.recv_multipart()
            sink.write(_frame(1), _nothing)
            with pytest.raises(Timeout, match=f"{re.escape(where)} has taken nothing for 0.05 s"):
                sink.write(_frame(2), _nothing)
            sink.abandon()

    def test_closing_waits_no_longer_either(self, free_port: int) -> None:
        where = f"imagezmq+tcp://127.0.0.1:{free_port}"
        with plain(zmq.REP, free_port) as hub:
            sink = open_sink(link(where), listen=False, live=False, patience=0.05)
            sink.write(_frame(1), _nothing)
            hub.recv_multipart()
            with pytest.raises(Timeout, match="has taken nothing"):
                sink.close()
            with pytest.raises(Closed):
                sink.write(_frame(2), _nothing)

    def test_a_hung_hub_does_not_hold_up_a_live_source(self, free_port: int) -> None:
        with plain(zmq.REP, free_port) as hub:
            sink = open_sink(link(f"imagezmq+tcp://127.0.0.1:{free_port}"), listen=False)
            sink.write(_frame(0), _nothing)
            hub.recv_multipart()
            for number in range(1, 100):
                sink.write(_frame(number), _nothing)
            assert sink.unseen == 98
            sink.abandon()
            assert sink.unseen == 100

    def test_answers_of_every_kind_are_answers(self, free_port: int) -> None:
        replies: list[Any] = []
        with (
            plain(zmq.ROUTER, free_port) as hub,
            sending(
                f"imagezmq+tcp://127.0.0.1:{free_port}",
                listen=False,
                live=False,
                on_reply=lambda frame, answer: replies.append(answer),
            ) as (out, _),
        ):
            for answer in ([b"OK"], [b""], [b"a", b"b"], [b"x" * 100_000], [b"1"] * 5000):
                out.send(picture(1))
                identity, empty, *_ = hub.recv_multipart()
                hub.send_multipart([identity, empty, *answer])
            out.close()
        assert [len(reply) for reply in replies] == [2, 0, 1, 100_000, 1]

    def test_what_the_callback_raises_is_raised_where_frames_are_written(self, free_port: int) -> None:
        def fails(frame: Any, answer: Any) -> None:
            raise ZeroDivisionError("mine")

        with Hub(free_port):
            sink = open_sink(link(f"imagezmq+tcp://127.0.0.1:{free_port}"), listen=False, live=False, on_reply=fails)
            sink.write(_frame(0), _nothing)
            with pytest.raises(ZeroDivisionError, match="mine"):
                sink.close()
            with pytest.raises(ZeroDivisionError, match="mine"):
                sink.write(_frame(1), _nothing)


class TestSubscribingHubs:
    def test_get_what_is_sent_after_they_came(self, free_port: int) -> None:
        with (
            sending(f"imagezmq+tcp://127.0.0.1:{free_port}", live=False) as (out, sink),
            Hub(free_port, answers=False) as hub,
        ):
            assert sink.listens
            for number in range(100):
                out.send(picture(number), stream="cam")
            assert [mark(image) for _, image in hub.inbox.wait_for(100)] == list(range(100))

    def test_the_last_frames_leave_before_the_end(self, free_port: int) -> None:
        with plain(zmq.SUB, free_port, connect=True) as hub:
            with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", live=False) as (out, _):
                for number in range(20):
                    out.send(np.full((400, 500), number, np.uint8))
            assert [hub.recv_multipart()[1][0] for _ in range(20)] == list(range(20))

    def test_nobody_is_no_reason_to_wait_for_a_live_source(self, free_port: int) -> None:
        with sending(f"imagezmq+tcp://127.0.0.1:{free_port}", encode="jpeg") as (out, sink):
            for number in range(30):
                out.send(picture(number))
        assert sink.unseen == 30

    def test_old_subscribers_come_and_go_and_so_do_we(self, free_port: int) -> None:
        for _ in range(2):
            with sending(f"imagezmq+tcp://127.0.0.1:{free_port}") as (out, _):
                for _ in range(2):
                    with Hub(free_port, answers=False) as hub:
                        _until_it_hears(hub, out)

    def test_a_hub_stays_while_we_come_and_go(self, free_port: int) -> None:
        with Hub(free_port, answers=False) as hub:
            for _ in range(2):
                with sending(f"imagezmq+tcp://127.0.0.1:{free_port}") as (out, _):
                    _until_it_hears(hub, out)

    def test_a_slow_hub_gets_no_long_queue_of_ours(self, free_port: int) -> None:
        large = np.zeros((1500, 2000), np.uint8)
        with (
            plain(zmq.SUB, free_port, connect=True) as slow,
            sending(f"imagezmq+tcp://127.0.0.1:{free_port}") as (out, _),
        ):
            slow.rcvhwm = 1
            _until(lambda: slow.poll(1) > 0, lambda: out.send(large))
            for number in range(200):
                out.send(np.full((1500, 2000), number % 256, np.uint8))
            out.close()
            count = 0
            while slow.poll(300):
                slow.recv_multipart()
                count += 1
        assert count < 150, "frames were queued for it"

    def test_hubs_that_filter_get_theirs_alone(self, free_port: int) -> None:
        with (
            plain(zmq.SUB, free_port, connect=True, beginning=b'{"msg": "camB') as hub,
            sending(f"imagezmq+tcp://127.0.0.1:{free_port}", live=False) as (out, _),
        ):
            for number in range(10):
                out.send(picture(number), stream="camA" if number % 2 else "camB")
            assert [hub.recv_multipart()[1][0] for _ in range(5)] == [0, 2, 4, 6, 8]


class TestWhoMayConnect:
    def test_the_network_only_when_somebody_said_so(self) -> None:
        with pytest.raises(Unavailable, match=r"--allow ADDRESS(?s:.)*--insecure"):
            open_sink(link("imagezmq+tcp://:0"))

    def test_a_port_that_is_taken(self, free_port: int) -> None:
        with plain(zmq.REP, free_port), pytest.raises(Unavailable, match=str(free_port)):
            open_sink(link(f"imagezmq+tcp://127.0.0.1:{free_port}"))

    def test_anybody_where_it_is_insecure(self, free_port: int) -> None:
        with (
            sending(f"imagezmq+tcp://:{free_port}", insecure=True, live=False) as (out, sink),
            Hub(free_port, answers=False) as hub,
        ):
            assert str(free_port) in sink.where
            out.send(picture(1))
            hub.inbox.wait_for(1)

    def test_who_is_not_allowed_gets_nothing(self, free_port: int) -> None:
        own = _own_address()
        if own is None:
            pytest.skip("this machine has no address besides loopback")
        with (
            sending(f"imagezmq+tcp://:{free_port}", allow=["192.0.2.1"], live=False) as (out, _),
            zmq.Context() as context,
            context.socket(zmq.SUB) as stranger,
        ):
            stranger.linger = 0
            stranger.subscribe(b"")
            stranger.connect(f"tcp://{own}:{free_port}")
            with Hub(free_port, answers=False) as hub:
                out.send(picture(1))
                hub.inbox.wait_for(1)
            assert not stranger.poll(1)

    def test_strangers_with_nonsense_hold_up_nobody(self, free_port: int) -> None:
        odd_messages = ([b"\x01"], [b"\x01x"] * 3, [b"\x07nonsense"], [b"y" * 10_000], [b"\x00never"] * 2)
        with (
            sending(f"imagezmq+tcp://127.0.0.1:{free_port}", live=False) as (out, _),
            system.create_connection(("127.0.0.1", free_port)) as stranger,
            plain(zmq.XSUB, free_port, connect=True) as odd,
        ):
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
            for message in odd_messages:
                odd.send_multipart(message)
            with Hub(free_port, answers=False) as hub:
                _until_it_hears(hub, out)


class TestRefused:
    @pytest.mark.parametrize("options", [{"socket": "pub"}, {"message": "pickle"}])
    def test_options_of_others(self, options: dict[str, Any]) -> None:
        with pytest.raises(OptionError, match="has no option"):
            open_sink(link("imagezmq+tcp://hub:5555"), **options)


def _answer_everything(socket: zmq.Socket[bytes], stop: threading.Event) -> None:
    socket.rcvtimeo = 20
    while not stop.is_set():
        try:
            identity, empty, *_ = socket.recv_multipart()
        except zmq.Again:
            continue
        socket.send_multipart([identity, empty, b"OK"])


def _until(done: Callable[[], bool], again: Callable[[], object]) -> None:
    """Subscriptions take a moment, and nobody says when they are there."""
    pause = threading.Event()
    for _ in range(3000):
        if done():
            return
        again()
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def _until_it_hears(hub: Hub, out: Publisher) -> None:
    count = len(hub.inbox.items)
    _until(lambda: len(hub.inbox.items) > count, lambda: out.send(picture(1)))


def _frame(number: int) -> Frame:
    return Frame.of(picture(number), stream="cam", run=7, seq=number)


def _own_address() -> str | None:
    with system.socket(system.AF_INET, system.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _nothing() -> None:
    """Nobody waits."""
