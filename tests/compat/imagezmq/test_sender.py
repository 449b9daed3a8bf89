"""The sender that waits for replies: hubs that come, go, hang and return, of both kinds."""

from __future__ import annotations

import gc
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zmq

import framebus as fb
from framebus import imagezmq
from framebus.compat.imagezmq.plain_hub import PlainHub
from framebus.compat.imagezmq.request_reply import Asking
from framebus.core.errors import AddressError, BadFrame, Closed, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.links.keys import KeyStore
from tests.compat.imagezmq.ends import BOTH, ENDS, OLD, OURS, Replying, module
from tests.conftest import StartChild

IMAGE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
LARGE = np.arange(6_000_000, dtype=np.uint8).reshape(1000, 2000, 3)


@pytest.fixture
def address(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def sender(address: str) -> Iterator[imagezmq.ImageSender]:
    with imagezmq.ImageSender(address, timeout=20) as sender:
        yield sender


@pytest.fixture
def router() -> Iterator[zmq.Socket[bytes]]:
    """A hub as others make it: a ROUTER that answers REQ sockets."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.linger = 0
        socket.rcvtimeo = 20_000
        yield socket


class TestReplies:
    @pytest.mark.parametrize("kind", BOTH)
    def test_the_reply_is_the_hubs(self, sender: imagezmq.ImageSender, address: str, kind: str) -> None:
        with Replying(kind, address) as hub:
            assert sender.send_image("porch", IMAGE) == b"porch"
            assert sender.send_image("Tür", IMAGE[:, :, 0]) == "Tür".encode()
            assert sender.send_image_reqrep("again", IMAGE) == b"again"
        assert [image.shape for image in hub.images] == [(48, 64, 3), (48, 64), (48, 64, 3)]

    @pytest.mark.parametrize("kind", BOTH)
    def test_any_bytes_are_a_jpg(self, sender: imagezmq.ImageSender, address: str, kind: str) -> None:
        hub = module(kind).ImageHub(address)
        with ThreadPoolExecutor(1) as pool:
            for data in (b"no jpeg at all", bytearray(b"x" * 100_000), np.arange(9, dtype=np.uint8), memoryview(b"")):
                reply = pool.submit(sender.send_jpg, "cam", data)
                text, jpg = hub.recv_jpg()
                hub.send_reply(b"\x00\xff binary")
                assert (text, bytes(jpg), reply.result()) == ("cam", bytes(data), b"\x00\xff binary")
        hub.close()

    def test_a_router_hub_of_somebody_elses(
        self, sender: imagezmq.ImageSender, address: str, router: zmq.Socket[bytes]
    ) -> None:
        router.bind(address)
        with ThreadPoolExecutor(1) as pool:
            for text in ("one", "two"):
                reply = pool.submit(sender.send_image, text, IMAGE)
                route, empty, head, payload = router.recv_multipart()
                assert (empty, json.loads(head)["msg"], payload) == (b"", text, IMAGE.tobytes())
                router.send_multipart([route, b"", b"OK " + text.encode()])
                assert reply.result() == b"OK " + text.encode()

    def test_capture_time_and_number_ride_in_the_header(
        self, sender: imagezmq.ImageSender, address: str, router: zmq.Socket[bytes]
    ) -> None:
        router.bind(address)
        heads = []
        with ThreadPoolExecutor(1) as pool:
            for _ in range(2):
                reply = pool.submit(sender.send_image, "yard|image", IMAGE)
                route, _, head, _ = router.recv_multipart()
                router.send_multipart([route, b"", b"OK"])
                reply.result()
                heads.append(json.loads(head))
        assert list(heads[0])[:3] == ["msg", "dtype", "shape"]
        assert [(head["stream"], head["seq"]) for head in heads] == [("yard", 0), ("yard", 1)]
        assert int(heads[0]["captured_ns"]) < int(heads[1]["captured_ns"])

    def test_a_framebus_reader_that_knows_nothing_of_replies(self, sender: imagezmq.ImageSender, address: str) -> None:
        with fb.open(address, listen=True, timeout=20) as source, ThreadPoolExecutor(1) as pool:
            reply = pool.submit(sender.send_image, "porch", LARGE)
            frame = source.read()
            assert (frame.stream, frame.meta["msg"], frame.shape) == ("porch", "porch", LARGE.shape)
            assert np.array_equal(frame.image, LARGE)
            with pytest.raises(fb.Timeout):
                source.read(timeout=0.01)  # asking for the next acknowledges the last
            assert reply.result() == b"OK"

    def test_whoever_publishes_there_is_no_hub(self, sender: imagezmq.ImageSender, address: str) -> None:
        with fb.publish(address), pytest.raises(Closed, match="this end publishes"):
            sender.send_image("porch", IMAGE)


class TestHubsComeAndGo:
    @pytest.mark.parametrize("kind", BOTH)
    def test_the_sender_may_be_first(self, sender: imagezmq.ImageSender, address: str, kind: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(sender.send_image, "early", IMAGE)
            with Replying(kind, address):
                assert reply.result() == b"early"

    @pytest.mark.parametrize(("before", "after"), [(one, other) for one in BOTH for other in BOTH])
    def test_another_hub_takes_over(self, sender: imagezmq.ImageSender, address: str, before: str, after: str) -> None:
        for kind in (before, after, before):
            with Replying(kind, address) as hub:
                for number in range(3):
                    assert sender.send_image(f"{kind} {number}", LARGE) == f"{kind} {number}".encode()
            assert all(np.array_equal(image, LARGE) for image in hub.images)

    @pytest.mark.parametrize("kind", BOTH)
    def test_a_picture_whose_hub_was_killed_goes_to_the_next_one(
        self, sender: imagezmq.ImageSender, address: str, child: StartChild, kind: str
    ) -> None:
        code = f"import signal, {kind} as m; h = m.ImageHub('{address}'); print(*h.recv_image()[0]); signal.pause()"
        hub = child("-c", code)
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(sender.send_image, "survivor", IMAGE)
            hub.wait_line("s u r")
            hub.kill()
            with Replying(OURS, address) as successor:
                assert reply.result() == b"survivor"
            assert successor.texts == ["survivor"]

    def test_a_picture_whose_reader_left_goes_to_the_next_one(self, sender: imagezmq.ImageSender, address: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            with fb.open(address, listen=True, timeout=20) as source:
                reply = pool.submit(sender.send_image, "survivor", IMAGE)
                source.read()  # and never acknowledged
            with Replying(OURS, address) as hub:
                assert reply.result() == b"survivor"
        assert hub.texts == ["survivor"]

    def test_the_first_address_that_answers_is_used(self, free_ports: Callable[[], int]) -> None:
        first, second, third = (f"tcp://127.0.0.1:{free_ports()}" for _ in range(3))
        with imagezmq.ImageSender(f"{first},{second}, {third}", timeout=20) as sender:
            with Replying(OLD, second):
                assert sender.send_image("to the second", IMAGE) == b"to the second"
            with Replying(OURS, third):
                assert sender.send_image("to the third", IMAGE) == b"to the third"
            with Replying(OLD, first):
                assert sender.send_image("to the first", IMAGE) == b"to the first"

    def test_a_list_of_addresses(self, free_ports: Callable[[], int]) -> None:
        nobody, somebody = (f"tcp://127.0.0.1:{free_ports()}" for _ in range(2))
        with imagezmq.ImageSender([nobody, somebody], timeout=20) as sender, Replying(OURS, somebody):
            assert sender.send_image("found", IMAGE) == b"found"

    @pytest.mark.parametrize("kind", BOTH)
    def test_a_sender_that_was_killed_may_come_back_under_its_name(
        self, address: str, child: StartChild, kind: str
    ) -> None:
        code = (
            f"import numpy as np, {kind} as m; s = m.ImageSender('{address}'); i = np.zeros((9, 9), np.uint8)\n"
            "while True: print(s.send_image('camera', i))"
        )
        with Replying(OURS, address):
            for _ in range(3):
                sender = child("-c", code)
                sender.wait_line("camera")
                sender.kill()


class TestWhere:
    @pytest.mark.parametrize("ends", ENDS, ids="-".join)
    def test_a_unix_socket(self, runtime_dir: Path, ends: tuple[str, str]) -> None:
        sending, receiving = ends
        address = f"ipc://{runtime_dir.parent}/hub"
        with Replying(receiving, address):
            sender = module(sending).ImageSender(address)
            assert sender.send_image("porch", LARGE) == b"porch"
            sender.close()

    def test_framebus_at_both_ends_shares_memory(self, sender: imagezmq.ImageSender, address: str) -> None:
        with Replying(OURS, address):
            sender.send_image("porch", LARGE)
            assert isinstance(sender._way, Asking)
            assert isinstance(sender._way._hub, PlainHub)
            assert sender._way._hub._connection.shares

    def test_a_name_of_this_machine(self, free_port: int) -> None:
        with (
            Replying(OURS, f"tcp://*:{free_port}"),
            imagezmq.ImageSender(f"tcp://localhost:{free_port}", timeout=20) as sender,
        ):
            assert sender.send_image("porch", IMAGE) == b"porch"

    def test_a_hub_with_keys(self, free_port: int) -> None:
        """This machine's own store serves both ends."""
        address = f"tcp://127.0.0.1:{free_port}"
        store = KeyStore()
        store.join(store.invite("porch", address))
        with (
            fb.open(f"tcp://:{free_port}", timeout=20) as source,
            imagezmq.ImageSender(address, timeout=20) as sender,
            ThreadPoolExecutor(1) as pool,
        ):
            for _ in range(2):
                reply = pool.submit(sender.send_image, "porch", IMAGE)
                assert np.array_equal(source.read().image, IMAGE)
                with pytest.raises(fb.Timeout):
                    source.read(timeout=0.01)
                assert reply.result() == b"OK"

    def test_the_next_address_where_the_one_with_keys_is_away(self, free_ports: Callable[[], int]) -> None:
        away, there = (f"tcp://127.0.0.1:{free_ports()}" for _ in range(2))
        store = KeyStore()
        store.join(store.invite("porch", away))
        with imagezmq.ImageSender([away, there], timeout=20) as sender, Replying(OURS, there):
            assert sender.send_image("porch", IMAGE) == b"porch"

    def test_a_hub_with_keys_and_a_sender_without(self, free_port: int) -> None:
        KeyStore().invite("somebody", f"tcp://desk:{free_port}")
        with (
            fb.open(f"tcp://:{free_port}"),
            imagezmq.ImageSender(f"tcp://127.0.0.1:{free_port}", timeout=20) as sender,
            pytest.raises(Unavailable, match="lets nobody in without a key"),
        ):
            sender.send_image("porch", IMAGE)

    @pytest.mark.parametrize("kind", BOTH)
    def test_imagezmqs_words_if_asked_for_them(self, address: str, kind: str) -> None:
        with (
            Replying(kind, address) as hub,
            imagezmq.ImageSender(f"imagezmq+{address}", timeout=20) as sender,
        ):
            assert sender.send_image("porch", LARGE) == b"porch"
        assert np.array_equal(hub.images[0], LARGE)


class TestTime:
    @pytest.mark.parametrize("kind", BOTH)
    def test_a_late_reply_is_never_taken_for_another_pictures(self, address: str, kind: str) -> None:
        with imagezmq.ImageSender(address, timeout=20) as sender, Replying(kind, address) as hub:
            sender.send_image("before", IMAGE)
            hub.silent = True
            sender.zmq_socket.RCVTIMEO = 100
            with pytest.raises(imagezmq.ImageTimeout, match=r"has not replied; the limit was 0\.1 s"):
                sender.send_image("too slow", IMAGE)
            hub.silent = False
            sender.zmq_socket.RCVTIMEO = 20_000
            assert sender.send_image("after", IMAGE) == b"after"

    def test_nobody_there(self, address: str) -> None:
        with (
            imagezmq.ImageSender(address, timeout="50ms") as sender,
            pytest.raises(fb.Timeout, match=r"nobody listens there.*0\.05 s") as caught,
        ):
            sender.send_image("porch", IMAGE)
        assert caught.type is imagezmq.ImageTimeout
        assert caught.value.errno == zmq.EAGAIN

    def test_somebody_who_says_nothing(self, address: str, free_port: int) -> None:
        with (
            socket.create_server(("127.0.0.1", free_port)),
            imagezmq.ImageSender(address, timeout="50ms") as sender,
            pytest.raises(imagezmq.ImageTimeout),
        ):
            sender.send_image("porch", IMAGE)

    def test_ctrl_c_ends_the_waiting(self, address: str, child: StartChild) -> None:
        code = (
            "import numpy as np; from framebus import imagezmq; s = imagezmq.ImageSender("
            f"'{address}'); print('go', flush=True); s.send_image('x', np.zeros((9, 9), np.uint8))"
        )
        sender = child("-c", code)
        sender.wait_line("waiting for a hub")
        sender.interrupt()
        assert sender.wait() in (-signal.SIGINT, 1, 130)
        assert "KeyboardInterrupt" in sender.stderr

    def test_closing_ends_the_waiting_of_another_thread(self, address: str) -> None:
        sender = imagezmq.ImageSender(address)
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(sender.send_image, "porch", IMAGE)
            sender.close()
            with pytest.raises(Closed):
                reply.result()


class TestMany:
    @pytest.mark.parametrize("kind", BOTH)
    def test_thirty_senders_at_once(self, address: str, kind: str) -> None:
        start = threading.Barrier(30)

        def work(number: int) -> list[bytes | None]:
            sender = module(BOTH[number % 2]).ImageSender(address)
            start.wait()
            replies = [sender.send_image(f"camera {number}", IMAGE) for _ in range(3)]
            sender.close()
            return replies

        with Replying(kind, address) as hub, ThreadPoolExecutor(30) as pool:
            replies = list(pool.map(work, range(30)))
        assert replies == [[f"camera {number}".encode()] * 3 for number in range(30)]
        assert len(hub.texts) == 90

    def test_senders_of_the_same_text(self, address: str) -> None:
        with Replying(OURS, address) as hub:
            senders = [imagezmq.ImageSender(address, timeout=20) for _ in range(4)]
            for sender in senders * 2:
                assert sender.send_image("camera", IMAGE) == b"camera"
            for sender in senders:
                sender.close()
        assert hub.texts == ["camera"] * 8

    def test_a_text_that_changes_all_the_time(self, sender: imagezmq.ImageSender, address: str) -> None:
        with Replying(OURS, address):
            for number in range(100):
                assert sender.send_image(f"at {number}", IMAGE) == f"at {number}".encode()


class TestWhatIsSent:
    @pytest.mark.parametrize("ends", ENDS, ids="-".join)
    def test_every_type_of_numbers(self, address: str, ends: tuple[str, str]) -> None:
        sending, receiving = ends
        with Replying(receiving, address) as hub:
            sender = module(sending).ImageSender(address)
            arrays = [
                np.array([[1.5, np.nan]], np.float32),
                np.array([True, False]),
                np.arange(24, dtype=np.int64).reshape(1, 2, 3, 4),
                np.array([[1 + 2j]]),
                np.zeros((0, 3), np.uint8),
                np.asfortranarray(IMAGE),
            ]
            for array in arrays:
                sender.send_image("numbers", array)
            sender.close()
        for sent, arrived in zip(arrays, hub.images, strict=True):
            assert (arrived.dtype, arrived.shape) == (sent.dtype, sent.shape)
            assert np.array_equal(arrived, sent, equal_nan=arrived.dtype == np.float32)
            assert arrived.flags.writeable

    @pytest.mark.parametrize("kind", BOTH)
    def test_texts_of_any_depth(self, sender: imagezmq.ImageSender, address: str, kind: str) -> None:
        texts = [{"a": {"b": {"c": {"d": [1, [2, [3]]]}}}}, [None, True, 1.5], 7, "", {"list": [{"deep": [[]]}]}]
        with Replying(kind, address) as hub:
            for text in texts:
                sender.send_image(text, IMAGE)
            sender.send_image((1, {2: "two"}), IMAGE)
        assert hub.texts == [*texts, [1, {"2": "two"}]]

    @pytest.mark.parametrize("image", [None, np.array([None]), "text"], ids=["None", "objects", "text"])
    def test_what_is_no_image(self, sender: imagezmq.ImageSender, image: object) -> None:
        with pytest.raises(BadFrame, match="send_image takes a numpy array of numbers"):
            sender.send_image("porch", image)  # type: ignore[arg-type]

    def test_a_text_that_json_does_not_have(self, sender: imagezmq.ImageSender) -> None:
        with pytest.raises(TypeError, match="not JSON serializable"):
            sender.send_image(b"bytes", IMAGE)

    def test_stream_run_and_number_are_the_frames(self, address: str) -> None:
        frames: list[Frame] = []
        with (
            fb.open(address, listen=True, timeout=20) as source,
            ThreadPoolExecutor(1) as pool,
            imagezmq.ImageSender(address, timeout=20) as sender,
        ):

            def send() -> None:
                for _ in range(3):
                    sender.send_image("porch", IMAGE)

            done = pool.submit(send)
            frames.extend(source.read() for _ in range(3))
            with pytest.raises(fb.Timeout):
                source.read(timeout=0.01)
            done.result()
        assert [(frame.stream, frame.seq, frame.missed) for frame in frames] == [("porch", n, 0) for n in range(3)]
        assert len({frame.run for frame in frames}) == 1


class TestOptions:
    @pytest.mark.parametrize(
        "address", ["shm://door", "netgear+tcp://desk:5555", "rtsp://x/y", "clip.mp4", "inproc://x", ""]
    )
    def test_addresses_that_are_none_of_imagezmqs(self, address: str) -> None:
        with pytest.raises(AddressError):
            imagezmq.ImageSender(address)

    def test_a_sender_needs_to_know_the_machine(self) -> None:
        with pytest.raises(AddressError, match="names no machine"):
            imagezmq.ImageSender("tcp://*:5555")

    def test_options_of_the_other_pattern(self, address: str) -> None:
        with pytest.raises(OptionError, match="REQ_REP=False"):
            imagezmq.ImageSender(address, allow=["10.0.0.0/8"])
        with pytest.raises(OptionError, match="REQ_REP=True"):
            imagezmq.ImageSender(address, REQ_REP=False, timeout=1)

    def test_methods_of_the_other_pattern(self, sender: imagezmq.ImageSender) -> None:
        with pytest.raises(OptionError, match="send_image_reqrep"):
            sender.send_image_pubsub("porch", IMAGE)
        with pytest.raises(OptionError, match="send_image_reqrep"):
            sender.send_jpg_pubsub("porch", b"x")

    def test_options_of_the_socket(self, sender: imagezmq.ImageSender, address: str) -> None:
        socket = sender.zmq_socket
        socket.setsockopt(zmq.LINGER, 0)
        socket.sndtimeo = 500
        assert (socket.get(zmq.SNDTIMEO), socket.linger, socket.TYPE) == (500, 0, zmq.REQ)
        assert socket.getsockopt(zmq.LAST_ENDPOINT) == address.encode()
        with pytest.raises(AttributeError, match="stands in for a ZeroMQ socket"):
            socket.send(b"x")
        with pytest.raises(AttributeError, match="cannot be polled"):
            socket.poll(1)
        socket.close()
        assert socket.closed
        with pytest.raises(Closed):
            sender.send_image("porch", IMAGE)

    def test_closing_twice(self, sender: imagezmq.ImageSender) -> None:
        sender.close()
        sender.close()


def test_a_sender_nobody_refers_to_any_more_hangs_up(address: str) -> None:
    with Replying(OURS, address):
        for _ in range(3):
            imagezmq.ImageSender(address, timeout=20).send_image("camera", LARGE)
            gc.collect()
