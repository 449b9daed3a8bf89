"""The hub that replies: one port for everybody, kind to programs that are not."""

from __future__ import annotations

import gc
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import simplejpeg
import zmq

import framebus as fb
from framebus import imagezmq
from framebus.compat.imagezmq import open_port
from framebus.core.errors import AddressError, BadFrame, Closed, OptionError, Unavailable
from tests.compat.imagezmq.ends import BOTH, OURS, module

IMAGE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
LARGE = np.arange(6_000_000, dtype=np.uint8).reshape(1000, 2000, 3)
NOISE = np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)
JPEG = simplejpeg.encode_jpeg(np.full((16, 24, 3), 200, np.uint8), colorspace="BGR")


class Sending:
    """Senders in threads of their own: each picture's reply is a future."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._pool = ThreadPoolExecutor(8)
        self._senders: list[Any] = []

    def __call__(self, kind: str, method: str, *arguments: Any) -> Future[bytes]:
        sender = module(kind).ImageSender(self._address)
        self._senders.append(sender)
        return self._pool.submit(getattr(sender, method), *arguments)

    def close(self) -> None:
        """Let all go."""
        self._pool.shutdown()
        for sender in self._senders:
            sender.close()


@pytest.fixture
def address(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def hub(address: str) -> Iterator[imagezmq.ImageHub]:
    with imagezmq.ImageHub(address, timeout=20) as hub:
        yield hub


@pytest.fixture
def send(address: str, hub: imagezmq.ImageHub) -> Iterator[Sending]:
    sending = Sending(address)
    yield sending
    hub.close()
    sending.close()


@pytest.mark.parametrize("kind", BOTH)
class TestWhatComes:
    @pytest.mark.parametrize("image", [IMAGE, LARGE], ids=["small", "large"])
    def test_arrays_are_writable_and_ones_own(
        self, hub: imagezmq.ImageHub, send: Sending, kind: str, image: np.ndarray[Any, Any]
    ) -> None:
        kept = []
        for _ in range(12):  # more than a link lends at a time
            reply = send(kind, "send_image", "porch", image)
            _, array = hub.recv_image()
            assert np.array_equal(array, image)
            array[:] = 0
            kept.append(array)
            hub.send_reply()
            assert reply.result() == b"OK"
        assert not any(array.any() for array in kept)
        assert not any(np.shares_memory(kept[0], other) for other in kept[1:])

    def test_a_jpg_is_bytes_and_serves_as_a_zmq_frame(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        send(kind, "send_jpg", "porch", JPEG)
        text, jpg = hub.recv_jpg()
        assert isinstance(jpg, imagezmq.JpgBuffer)
        assert (text, jpg, jpg.bytes, bytes(jpg.buffer)) == ("porch", JPEG, JPEG, JPEG)
        assert np.frombuffer(jpg, dtype="uint8").tobytes() == JPEG

    def test_a_jpg_can_be_received_as_an_image(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        send(kind, "send_jpg", "porch", JPEG)
        text, image = hub.recv_image()
        assert (text, image.shape, str(image.dtype)) == ("porch", (16, 24, 3), "uint8")
        assert abs(image.astype(int) - 200).max() < 4
        image[:] = 0

    def test_an_image_can_be_received_as_a_jpg(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        send(kind, "send_image", "porch", np.full((16, 24, 3), (10, 100, 200), np.uint8))
        _, jpg = hub.recv_jpg()
        image = simplejpeg.decode_jpeg(jpg, colorspace="BGR")
        assert abs(image.astype(int) - (10, 100, 200)).max() < 4

    def test_what_cannot_be_had_that_way_is_said_and_answered_with_the_next(
        self, hub: imagezmq.ImageHub, send: Sending, kind: str
    ) -> None:
        deep = send(kind, "send_image", "deep", np.zeros((4, 4), np.uint16))
        with pytest.raises(BadFrame, match="jpeg cannot hold"):
            hub.recv_jpg()
        damaged = send(kind, "send_jpg", "damaged", simplejpeg.encode_jpeg(NOISE)[:-1000])
        with pytest.raises(BadFrame, match="damaged jpeg"):
            hub.recv_image()
        assert deep.result() == b"OK"
        send(kind, "send_image", "fine", IMAGE)
        assert hub.recv_image()[0] == "fine"
        assert damaged.result() == b"OK"

    def test_two_pictures_without_a_reply_hang_nobody(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        first, second = send(kind, "send_image", "one", IMAGE), send(kind, "send_image", "two", IMAGE)
        assert {hub.recv_image()[0], hub.recv_image()[0]} == {"one", "two"}
        hub.send_reply(b"late")
        hub.send_reply(b"later")  # to nobody
        assert {first.result(), second.result()} == {b"OK", b"late"}

    def test_closing_answers_whoever_waits(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        reply = send(kind, "send_image", "last", IMAGE)
        hub.recv_image()
        hub.close()
        assert reply.result() == b"OK"
        with pytest.raises(Closed):
            hub.recv_image()

    def test_a_text_may_be_the_reply(self, hub: imagezmq.ImageHub, send: Sending, kind: str) -> None:
        reply = send(kind, "send_image", "porch", IMAGE)
        hub.recv_image()
        hub.send_reply("verstanden: ä")
        assert reply.result().decode() == "verstanden: ä"


class TestSideBySide:
    def test_old_senders_ours_and_publishers(self, hub: imagezmq.ImageHub, send: Sending, address: str) -> None:
        replies = [send(kind, "send_image", kind, IMAGE) for kind in BOTH]
        with fb.publish(address, listen=False, wait_for=1) as out:
            out.send(IMAGE, stream="native")
            texts = {hub.recv_image()[0] for _ in range(3)}
        hub.send_reply()
        assert texts == {*BOTH, "native"}
        assert [reply.result() for reply in replies] == [b"OK", b"OK"]

    def test_colour_of_publishers_arrives_as_bgr(self, hub: imagezmq.ImageHub, address: str) -> None:
        with fb.publish(address, listen=False, wait_for=1, format="rgb24") as out:
            out.send(np.full((4, 4, 3), (1, 2, 3), np.uint8), stream="native")
            assert hub.recv_image()[1][0, 0].tolist() == [3, 2, 1]

    def test_what_is_no_message_stops_nobody(
        self, hub: imagezmq.ImageHub, send: Sending, address: str, free_port: int
    ) -> None:
        with zmq.Context() as context, context.socket(zmq.REQ) as wild:
            wild.linger = 0
            wild.connect(address)
            wild.send_multipart([b"nonsense", b"more", b"and more"])
            with socket.create_connection(("127.0.0.1", free_port)) as web:
                web.sendall(b"GET / HTTP/1.0\r\n\r\n")
                send(OURS, "send_image", "fine", IMAGE)
                assert hub.recv_image()[0] == "fine"


class TestWaiting:
    def test_a_limit(self, address: str) -> None:
        with imagezmq.ImageHub(address, timeout="20ms") as hub, pytest.raises(fb.Timeout) as caught:
            hub.recv_image()
        assert caught.type is imagezmq.ImageTimeout

    def test_options_of_the_socket(self, hub: imagezmq.ImageHub, address: str) -> None:
        assert hub.zmq_socket.getsockopt(zmq.LAST_ENDPOINT) == address.encode()
        assert hub.zmq_socket.RCVTIMEO == -1
        hub.zmq_socket.RCVTIMEO = 20
        with pytest.raises(zmq.Again):
            hub.recv_jpg()
        with pytest.raises(zmq.ZMQError):
            hub.recv_image()

    def test_polling(self, hub: imagezmq.ImageHub, send: Sending) -> None:
        poller = zmq.Poller()
        poller.register(hub.zmq_socket, zmq.POLLIN)
        assert hub.zmq_socket.poll(10) == 0
        assert poller.poll(10) == []
        for text in ("one", "two"):
            send(OURS, "send_image", text, IMAGE)
            assert hub.zmq_socket.poll(20_000) == zmq.POLLIN
            assert len(poller.poll(20_000)) == 1
            assert hub.recv_image()[0] == text
            hub.send_reply()


class TestWho:
    @pytest.fixture(autouse=True)
    def _forget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(open_port, "_warned", set())

    def test_an_open_port_is_told_of_once_with_what_is_safer(
        self, free_port: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(2):
            imagezmq.ImageHub(f"tcp://*:{free_port}").close()
        (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert f"tcp://:{free_port} takes images from anybody" in record.getMessage()
        assert "ImageHub(..., allow=['192.168.1.0/24'])" in record.getMessage()

    @pytest.mark.parametrize("option", [{"insecure": True}, {"allow": ["127.0.0.1"]}], ids=lambda one: str(*one))
    def test_who_said_so_is_not_told(
        self, free_port: int, caplog: pytest.LogCaptureFixture, option: dict[str, Any]
    ) -> None:
        with (
            imagezmq.ImageHub(f"tcp://*:{free_port}", timeout=20, **option) as hub,
            imagezmq.ImageSender(f"tcp://127.0.0.1:{free_port}", timeout=20) as sender,
            ThreadPoolExecutor(1) as pool,
        ):
            reply = pool.submit(sender.send_image, "porch", IMAGE)
            hub.recv_image()
            hub.send_reply(b"hello")
            assert reply.result() == b"hello"
        assert not [record for record in caplog.records if "anybody" in record.getMessage()]

    def test_networks_that_are_none(self, free_port: int) -> None:
        with pytest.raises(OptionError, match="allow: 'the office'"):
            imagezmq.ImageHub(f"tcp://*:{free_port}", allow=["the office"])

    def test_the_port_is_taken(self, address: str, hub: imagezmq.ImageHub) -> None:
        with pytest.raises(Unavailable, match=r"in use|taken|listens"):
            imagezmq.ImageHub(address)

    def test_options_of_the_other_pattern(self, free_port: int) -> None:
        address = f"tcp://127.0.0.1:{free_port}"
        with pytest.raises(OptionError, match="REQ_REP=False"):
            imagezmq.ImageHub(address, newest=True)
        with pytest.raises(OptionError, match="REQ_REP=True"):
            imagezmq.ImageHub(address, REQ_REP=False, insecure=True)
        with pytest.raises(AddressError, match="one address"):
            imagezmq.ImageHub("tcp://127.0.0.1:1,tcp://127.0.0.1:2")

    def test_connecting_is_for_the_other_pattern(
        self, hub: imagezmq.ImageHub, caplog: pytest.LogCaptureFixture
    ) -> None:
        hub.connect("tcp://127.0.0.1:1")
        assert "does nothing with REQ_REP=True" in caplog.text


def test_a_hub_nobody_refers_to_any_more_gives_its_port_back(address: str) -> None:
    hub = imagezmq.ImageHub(address)
    hub.zmq_socket.RCVTIMEO = 1
    with pytest.raises(zmq.Again):
        hub.recv_image()
    del hub
    gc.collect()
    until = time.monotonic() + 20
    while True:
        try:
            imagezmq.ImageHub(address).close()
            return
        except Unavailable:
            assert time.monotonic() < until
