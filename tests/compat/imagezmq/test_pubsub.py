"""Senders that never wait, and hubs that listen in."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

import framebus as fb
from framebus import imagezmq
from framebus.compat.imagezmq import open_port
from framebus.compat.imagezmq.casting import kept_frames
from framebus.core.errors import AddressError, BadFrame, Closed, OptionError, Unavailable
from tests.compat.imagezmq.ends import BOTH, ENDS, OLD, OURS, module
from tests.conftest import StartChild

IMAGE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
JPEG = b"\xff\xd8 as good as a picture \xff\xd9"
LARGE = np.zeros((1000, 2000, 3), np.uint8)


@pytest.fixture
def address(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def sender(address: str) -> Iterator[imagezmq.ImageSender]:
    with imagezmq.ImageSender(address, REQ_REP=False) as sender:
        yield sender


def until_heard(sender: Any, hub: Any, text: str = "there?") -> None:
    """Send until the hub's subscription has arrived, then empty what was sent too much."""
    hub.zmq_socket.setsockopt(zmq.RCVTIMEO, 20)
    for _ in range(1000):
        sender.send_image(text, IMAGE)
        try:
            hub.recv_image()
            break
        except zmq.Again:
            continue
    while True:
        try:
            hub.recv_image()
        except zmq.Again:
            break
    hub.zmq_socket.setsockopt(zmq.RCVTIMEO, 20_000)


@pytest.mark.parametrize(("sending", "receiving"), ENDS)
def test_every_picture_in_order(address: str, sending: str, receiving: str) -> None:
    sender = module(sending).ImageSender(address, REQ_REP=False)
    hub = module(receiving).ImageHub(address, REQ_REP=False)
    until_heard(sender, hub)
    for number in range(200):
        assert sender.send_image(number, IMAGE) is None
    assert [hub.recv_image()[0] for _ in range(200)] == list(range(200))
    hub.close()
    sender.close()


@pytest.mark.parametrize(("sending", "receiving"), ENDS)
def test_a_jpg_comes_as_zeromqs_own_frame(address: str, sending: str, receiving: str) -> None:
    sender = module(sending).ImageSender(address, REQ_REP=False)
    hub = module(receiving).ImageHub(address, REQ_REP=False)
    until_heard(sender, hub)
    sender.send_jpg("porch", JPEG)
    text, jpg = hub.recv_jpg()
    assert isinstance(jpg, zmq.Frame)
    assert (text, jpg.bytes, np.frombuffer(jpg.buffer, dtype="uint8").tobytes()) == ("porch", JPEG, JPEG)
    hub.close()
    sender.close()


@pytest.mark.parametrize(("sending", "receiving"), ENDS)
def test_a_unix_socket(runtime_dir: Path, sending: str, receiving: str) -> None:
    address = f"ipc://{runtime_dir.parent}/hub"
    sender = module(sending).ImageSender(address, REQ_REP=False)
    hub = module(receiving).ImageHub(address, REQ_REP=False)
    until_heard(sender, hub)
    hub.close()
    sender.close()


@pytest.mark.parametrize("receiving", BOTH)
def test_both_ends_may_start_again(address: str, receiving: str) -> None:
    hub = module(receiving).ImageHub(address, REQ_REP=False)
    for _ in range(2):
        with imagezmq.ImageSender(address, REQ_REP=False) as sender:
            until_heard(sender, hub)
    hub.close()


def test_a_hub_of_several_senders(free_ports: Callable[[], int]) -> None:
    addresses = [f"tcp://127.0.0.1:{free_ports()}" for _ in range(3)]
    senders = [
        module(kind).ImageSender(at, REQ_REP=False) for at, kind in zip(addresses, (OLD, OURS, OURS), strict=True)
    ]
    with imagezmq.ImageHub(addresses[0], REQ_REP=False) as hub:
        for address in addresses[1:]:
            hub.connect(address)
        for number, sender in enumerate(senders):
            until_heard(sender, hub, f"camera {number}")
    for sender in senders:
        sender.close()


class TestSender:
    def test_a_hub_that_is_stopped_holds_nobody_up(
        self, sender: imagezmq.ImageSender, address: str, child: StartChild
    ) -> None:
        code = f"import imagezmq as m; h = m.ImageHub('{address}', REQ_REP=False); print(h.recv_image()); h.recv_jpg()"
        hub = child("-c", code)
        while "uint8" not in hub.stdout and "dtype" not in hub.stdout:
            sender.send_image("porch", IMAGE)
            if hub.process.poll() is not None:
                raise AssertionError(hub.stderr)
        hub.stop()
        for _ in range(100):
            sender.send_image("porch", LARGE)
        hub.kill()

    def test_what_is_kept_for_a_hub_that_is_behind_is_bounded_in_bytes(self, sender: imagezmq.ImageSender) -> None:
        sender.send_image("small", IMAGE)
        assert sender.zmq_socket.get(zmq.SNDHWM) == 1000
        sender.send_image("large", LARGE)
        assert sender.zmq_socket.get(zmq.SNDHWM) == 10
        sender.send_jpg("small", b"x" * 100)
        assert sender.zmq_socket.get(zmq.SNDHWM) == 1000
        assert kept_frames(200_000_000) == 2

    def test_capture_time_and_number_ride_in_the_header(self, sender: imagezmq.ImageSender, address: str) -> None:
        with zmq.Context() as context, context.socket(zmq.SUB) as socket:
            socket.linger = 0
            socket.rcvtimeo = 20
            socket.subscribe(b'{"msg": "por')
            socket.connect(address)
            for _ in range(1000):
                sender.send_image("other", IMAGE)
                sender.send_image("porch", IMAGE)
                try:
                    head, payload = socket.recv_multipart()
                    break
                except zmq.Again:
                    continue
        said = json.loads(head)
        assert list(said)[:3] == ["msg", "dtype", "shape"]
        assert (said["stream"], int(said["captured_ns"]) > 0, payload) == ("porch", True, IMAGE.tobytes())

    def test_an_open_port_is_told_of_once(
        self, free_port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(open_port, "_warned", set())
        for _ in range(2):
            imagezmq.ImageSender(f"tcp://*:{free_port}", REQ_REP=False).close()
        (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert "shows images to anybody" in record.getMessage()

    def test_only_who_is_allowed(self, free_port: int) -> None:
        with (
            imagezmq.ImageSender(f"tcp://*:{free_port}", REQ_REP=False, allow=["192.0.2.0/24"]) as sender,
            imagezmq.ImageHub(f"tcp://127.0.0.1:{free_port}", REQ_REP=False) as hub,
        ):
            until_heard(sender, hub)  # this machine always is
        with pytest.raises(OptionError, match="allow: 'the office'"):
            imagezmq.ImageSender(f"tcp://*:{free_port}", REQ_REP=False, allow=["the office"])

    def test_the_port_is_taken(self, sender: imagezmq.ImageSender, address: str) -> None:
        with pytest.raises(Unavailable, match=r"in use|taken|listens"):
            imagezmq.ImageSender(address, REQ_REP=False)

    def test_one_address(self) -> None:
        with pytest.raises(AddressError, match="one address"):
            imagezmq.ImageSender(["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"], REQ_REP=False)

    def test_closed(self, sender: imagezmq.ImageSender) -> None:
        sender.close()
        sender.close()
        with pytest.raises(Closed):
            sender.send_image_pubsub("porch", IMAGE)


class TestHub:
    def test_it_subscribes_before_anybody_receives(self, address: str) -> None:
        with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
            publisher.linger = 0
            publisher.rcvtimeo = 20_000
            publisher.bind(address)
            with imagezmq.ImageHub(address, REQ_REP=False):
                assert publisher.recv() == b"\x01"

    def test_the_newest_of_each_text(self, sender: imagezmq.ImageSender, address: str) -> None:
        with (
            imagezmq.ImageHub(address, REQ_REP=False, newest=True) as hub,
            imagezmq.ImageHub(address, REQ_REP=False) as witness,
        ):
            until_heard(sender, hub)
            until_heard(sender, witness)
            for number in range(50):
                for text in ("left", "right"):
                    sender.send_image(text, np.full((2, 2), number, np.uint8))
            while witness.recv_image()[1][0, 0] < 49:
                pass
            seen: dict[str, list[int]] = {"left": [], "right": [], "there?": []}
            while not (seen["left"][-1:] == seen["right"][-1:] == [49]):
                text, image = hub.recv_image()
                seen[text].append(int(image.flat[0]))
            assert seen["left"] == sorted(seen["left"])
            assert len(seen["left"]) < 50

    @pytest.mark.parametrize("newest", [False, True])
    def test_a_limit(self, sender: imagezmq.ImageSender, address: str, newest: bool) -> None:
        with (
            imagezmq.ImageHub(address, REQ_REP=False, newest=newest, timeout="20ms") as hub,
            pytest.raises(fb.Timeout, match=f"no image came from {address} within 0.02 s"),
        ):
            hub.recv_image()
        with imagezmq.ImageHub(address, REQ_REP=False, newest=newest) as hub:
            hub.zmq_socket.RCVTIMEO = 20
            with pytest.raises(zmq.Again):
                hub.recv_jpg()

    @pytest.mark.parametrize("newest", [False, True])
    def test_closed(self, address: str, newest: bool) -> None:
        hub = imagezmq.ImageHub(address, REQ_REP=False, newest=newest)
        hub.send_reply(b"to nobody")
        hub.close()
        hub.close()
        with pytest.raises(Closed):
            hub.recv_image()

    def test_what_is_no_picture_is_said(self, address: str) -> None:
        with (
            zmq.Context() as context,
            context.socket(zmq.PUB) as wild,
            imagezmq.ImageHub(address, REQ_REP=False) as hub,
        ):
            wild.linger = 0
            wild.bind(address)
            wild.sndtimeo = 100
            said = ""
            hub.zmq_socket.RCVTIMEO = 20
            for _ in range(1000):
                wild.send_multipart([b"one part"])
                try:
                    hub.recv_image()
                except BadFrame as error:
                    said = str(error)
                    break
                except zmq.Again:
                    continue
            assert "two parts, 1 arrived" in said
