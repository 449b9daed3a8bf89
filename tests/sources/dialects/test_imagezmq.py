"""Reading from imageZMQ senders that publish: unmodified ones, ours, and those that send nonsense."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
import zmq

from framebus.core.contracts import Maker
from framebus.core.errors import AddressError, OptionError, Timeout
from framebus.core.frame import Frame
from framebus.sources.dialects import open_source
from framebus.testing import SourceConformance
from framebus.testing.children import PATIENCE_S
from framebus.wire.dialects import imagezmq
from framebus.wire.encodings import EncodedImage
from tests.sources.dialects.talkers import closed, link, mark, plain, publisher, reading, repeating, take, take_until

PICTURES: dict[str, npt.NDArray[Any]] = {
    "colour": np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3),
    "gray": np.arange(24, dtype=np.uint8).reshape(4, 6),
    "deep": np.arange(24, dtype=np.uint16).reshape(4, 6) * 1000,
    "float": np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6),
    "strided": np.arange(48, dtype=np.uint8).reshape(4, 12)[:, ::2],
}


class TestConformance(SourceConformance):
    @pytest.fixture(autouse=True)
    def sender(self, free_port: int) -> Iterator[None]:
        self.port = free_port
        with publisher(free_port) as sender, repeating(lambda number: sender.send_image("camA", PICTURES["colour"])):
            yield

    def make(self, tmp_path: Path) -> Maker:
        return open_source(link(f"imagezmq+tcp://127.0.0.1:{self.port}/camA"))


class TestUnmodifiedSenders:
    @pytest.mark.parametrize("kind", PICTURES)
    def test_images(self, kind: str, free_port: int) -> None:
        image = PICTURES[kind]
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_image("porch cam|image", image)),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source,
        ):
            frame = take(source)
        assert isinstance(frame, Frame)
        assert (frame.stream, frame.meta) == ("porch-cam", {"msg": "porch cam|image"})
        assert frame.data.dtype == image.dtype
        assert np.array_equal(frame.data, image)

    @pytest.mark.parametrize("kind", ["colour", "gray"])
    def test_jpgs_stay_encoded_until_looked_at(self, kind: str, free_port: int) -> None:
        image = PICTURES[kind]
        pixels = image if image.ndim == 3 else image[..., None]
        jpg = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), colorspace="BGR" if image.ndim == 3 else "GRAY")
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_jpg("cam", jpg)),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source,
        ):
            frame = take(source)
        assert isinstance(frame, Frame)
        assert isinstance(frame.content, EncodedImage)
        assert bytes(frame.content.data) == jpg
        assert frame.image.shape == image.shape

    def test_several_at_once(self, free_ports: Callable[[], int]) -> None:
        ports = [free_ports(), free_ports()]
        with ExitStack() as stack:
            for port in ports:
                sender = stack.enter_context(publisher(port))
                stack.enter_context(repeating(_sending(sender, f"cam{port}")))
            where = ",".join(f"127.0.0.1:{port}" for port in ports)
            source = stack.enter_context(reading(f"imagezmq+tcp://{where}"))
            for port in ports:
                take_until(source, _of_stream(f"cam{port}"))

    def test_a_name_chooses_a_stream_and_a_beginning_several(self, free_port: int) -> None:
        names = ["camA", "camA2", "camB", "yard"]
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_image(names[number % 4], PICTURES["gray"])),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}/camA") as one,
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}/cam*") as some,
        ):
            assert {take(one).stream for _ in range(8)} == {"camA"}
            seen = {take(some).stream for _ in range(20)}
        assert seen == {"camA", "camA2", "camB"}

    def test_a_stream_is_found_whatever_its_text_looks_like(self, free_port: int) -> None:
        texts = ["front door|jpg", "front é|x", 'front "', "front/door", "frontdoor", "back door"]
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_image(texts[number % len(texts)], PICTURES["gray"])),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}/front-*") as source,
        ):
            seen: set[str] = set()
            while len(seen) < 4:
                seen.add(take(source).meta["msg"])
        assert seen == set(texts[:4])

    def test_what_nobody_asked_for_is_not_even_sent(self, free_port: int) -> None:
        with plain(zmq.XPUB, free_port) as socket, reading(f"imagezmq+tcp://127.0.0.1:{free_port}/camA") as source:
            source.fileno()
            socket.rcvtimeo = int(PATIENCE_S * 1000)
            assert {socket.recv(), socket.recv()} == {b'\x01{"msg": "camA', b'\x01{"msg":"camA'}

    def test_the_old_spelling_of_headers(self, free_port: int) -> None:
        head = b'{"msg":"camA","dtype":"uint8","shape":[4,6]}'
        with (
            plain(zmq.PUB, free_port) as socket,
            repeating(lambda number: socket.send_multipart([head, PICTURES["gray"].tobytes()])),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}/camA") as source,
        ):
            assert take(source).stream == "camA"

    def test_arrays_without_a_text_are_named_by_their_host(self, free_port: int) -> None:
        head = b'{"dtype": "uint8", "shape": [4, 6]}'
        with (
            plain(zmq.PUB, free_port) as socket,
            repeating(lambda number: socket.send_multipart([head, PICTURES["gray"].tobytes()])),
            reading(f"imagezmq+tcp://localhost:{free_port}") as source,
        ):
            assert (source.name, take(source).stream) == ("localhost", "localhost")

    def test_texts_that_are_times_are_one_stream(self, free_port: int) -> None:
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_image(f"12:00:{number}", PICTURES["gray"])),
            reading(f"imagezmq+tcp://localhost:{free_port}") as source,
        ):
            frames = [take(source) for _ in range(12)]
        assert {frame.stream for frame in frames} == {"localhost"}
        assert len({frame.meta["msg"] for frame in frames}) == 12

    def test_a_sender_that_comes_back_is_heard_again(self, free_port: int) -> None:
        with reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source:
            for start in ("first", "second"):
                with publisher(free_port) as sender, repeating(_sending(sender, start)):
                    take_until(source, _of_stream(start))

    def test_a_slow_reader_gets_the_newest(self, free_port: int) -> None:
        sent, enough = 0, threading.Event()

        with publisher(free_port) as sender, reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source:

            def say(number: int) -> None:
                nonlocal sent
                sender.send_image("cam", np.full((4, 6), sent % 256, np.uint8))
                sent += 1
                if sent == 200:
                    enough.set()

            with repeating(say):
                take(source)
                assert enough.wait(PATIENCE_S)
            taken = 1
            last = take_until(source, lambda item: mark(item) == (sent - 1) % 256)
            taken += source.stats().frames - 1
        assert last.seq < 200 + 200
        assert taken < 100, "frames were queued instead of replaced"

    def test_every_frame_where_that_is_wanted(self, free_port: int) -> None:
        with (
            publisher(free_port) as sender,
            repeating(lambda number: sender.send_image("cam", np.full((4, 6), number % 256, np.uint8))),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}", keep="all") as source,
        ):
            marks = [mark(take(source)) for _ in range(30)]
        assert [(one - marks[0]) % 256 for one in marks] == list(range(30))


class TestOurSenders:
    def test_a_stamped_frame_keeps_its_identity_and_its_time(self, free_port: int) -> None:
        sent = Frame.of(PICTURES["colour"], stream="porch", run=7, seq=40, captured_ns=5, meta={"msg": "x|y", "t": 1})
        with (
            plain(zmq.PUB, free_port) as socket,
            repeating(lambda number: socket.send_multipart(imagezmq.encode(sent, stamped=True))),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source,
        ):
            frame = take(source)
        assert (frame.identity, frame.captured_ns, frame.meta) == (sent.identity, 5, sent.meta)

    def test_what_did_not_come_is_counted(self, free_port: int) -> None:
        def say(number: int) -> None:
            frame = Frame.of(PICTURES["gray"], stream="porch", run=7, seq=3 * number)
            socket.send_multipart(imagezmq.encode(frame, stamped=True))

        with (
            plain(zmq.PUB, free_port) as socket,
            repeating(say),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}", keep="all") as source,
        ):
            take(source)
            assert [take(source).missed for _ in range(3)] == [2, 2, 2]


class TestNonsense:
    def test_is_counted_told_of_and_left_out(self, free_port: int, caplog: pytest.LogCaptureFixture) -> None:
        bad: list[list[bytes]] = [
            [b""],
            [b"GET / HTTP/1.1\r\n"],
            [b"{}", b"x"],
            [b'{"msg": "a", "dtype": "O", "shape": [1]}', b"12345678"],
            [b'{"msg": "a", "dtype": "uint8", "shape": [9]}', b"1"],
            [b'{"msg": "a"}', b"no jpeg"],
            [b'{"msg": "a"}', b"", b""],
            [b"x"] * 5000,
            [b"\x80\x04\x95", b"x" * 70_000],
        ]
        good = [b'{"msg": "cam", "dtype": "uint8", "shape": [4, 6]}', PICTURES["gray"].tobytes()]
        with (
            plain(zmq.PUB, free_port) as socket,
            repeating(lambda number: socket.send_multipart([*bad, good][number % (len(bad) + 1)])),
            reading(f"imagezmq+tcp://127.0.0.1:{free_port}", keep="all") as source,
        ):
            assert {take(source).stream for _ in range(5)} == {"cam"}
        lines = [record.message for record in caplog.records if "refused" in record.message]
        assert 1 <= len(lines) < 10, "told of, and not each time"
        assert "imagezmq+tcp://127.0.0.1" in lines[0]


class TestWaiting:
    def test_nobody_there(self, free_port: int) -> None:
        with reading(f"imagezmq+tcp://127.0.0.1:{free_port}") as source, pytest.raises(Timeout):
            source.take(0.01)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_who_wants_keys_is_told_of_and_called_again(
        self, host: str, free_port: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        with reading(f"imagezmq+tcp://{host}:{free_port}") as source:
            with _with_keys(free_port):
                source.fileno()
                _wait_for(lambda: "without a key" in caplog.text)
            with publisher(free_port) as sender, repeating(_sending(sender, "cam")):
                take(source)

    def test_it_is_iterated_once(self, free_port: int) -> None:
        with closed(open_source(link(f"imagezmq+tcp://127.0.0.1:{free_port}"))) as maker:
            maker.close()
            assert list(maker) == []
            assert list(maker) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "options", "error", "why"),
        [
            ("imagezmq+tcp://:5555", {}, AddressError, "names no machine"),
            ("imagezmq+tcp://a:5555", {"socket": "sub"}, OptionError, "no option 'socket'"),
            ("netgear+tcp://a:5555", {}, AddressError, "write netgear\\+tcp://:PORT"),
            ("pyzmq+tcp://a:5555", {"socket": "rep"}, OptionError, "'sub', 'pull', 'req'"),
        ],
    )
    def test_at_once(self, text: str, options: dict[str, Any], error: type[Exception], why: str) -> None:
        with pytest.raises(error, match=why):
            open_source(link(text), **options)


@contextmanager
def _with_keys(port: int) -> Iterator[None]:
    """A publisher that speaks to nobody without a key."""
    _, secret = zmq.curve_keypair()
    with zmq.Context() as context, context.socket(zmq.PUB) as socket:
        socket.linger = 0
        socket.curve_server = True
        socket.curve_secretkey = secret
        socket.bind(f"tcp://127.0.0.1:{port}")
        yield


def _wait_for(condition: Callable[[], bool]) -> None:
    woken = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if condition():
            return
        woken.wait(0.01)
    raise AssertionError("it did not happen")


def _sending(sender: Any, text: str) -> Callable[[int], object]:
    return lambda number: sender.send_image(text, PICTURES["gray"])


def _of_stream(name: str) -> Callable[[Any], bool]:
    return lambda item: bool(item.stream == name)
