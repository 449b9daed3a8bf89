"""What the ends are made of: headers, names, pictures read from strangers, the module itself."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

import framebus as fb
from framebus import imagezmq
from framebus.compat.imagezmq.hub_address import links
from framebus.compat.imagezmq.letter import Postmarks, image_letter, jpg_letter
from framebus.compat.imagezmq.received_picture import Picture, own
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire.dialects import imagezmq as dialect

IMAGE = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


class TestLetter:
    def test_the_header_is_imagezmqs_and_more(self) -> None:
        head = json.loads(image_letter("camA", IMAGE).header(Postmarks().next("camA")))
        assert list(head.items())[:3] == [("msg", "camA"), ("dtype", "uint8"), ("shape", [2, 2, 3])]
        assert "fb" not in head

    def test_a_jpg_has_neither_type_nor_shape(self) -> None:
        head = json.loads(jpg_letter("camA", b"x").header(Postmarks().next("camA")))
        assert head["msg"] == "camA"
        assert not {"dtype", "shape"} & head.keys()

    def test_it_begins_as_imagezmqs_does_to_the_letter(self) -> None:
        for text in ("camA", 'caf\u00e9 "x"', "y" * 300, ["a", 1], None):
            for image in (IMAGE, IMAGE[0], IMAGE.astype(">u2")):
                theirs = json.dumps({"msg": text, "dtype": str(image.dtype), "shape": image.shape})
                head = image_letter(text, image).header(Postmarks().next(text))
                assert head.startswith(theirs[:-1].encode() + b", ")

    def test_our_own_decoder_knows_whose_frame_it_is(self) -> None:
        letter, postmark = image_letter("camA|x", IMAGE), Postmarks().next("camA|x")
        frame = dialect.decode([letter.header(postmark), bytes(letter.payload)])
        assert (frame.stream, frame.run, frame.seq) == ("camA", postmark.run, 0)
        assert frame.captured_ns == letter.captured_ns

    @settings(deadline=None)
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
    def test_every_text_comes_back(self, text: Any) -> None:
        frame = image_letter(text, IMAGE).frame(Postmarks().next(text))
        assert json.dumps(Picture.of(frame).text) == json.dumps(text)


class TestNames:
    def test_a_stream_for_each_text_numbered_on_its_own(self) -> None:
        marks = Postmarks()
        texts = ["porch|jpg", "yard", "porch", "yard"]
        assert [(mark.stream, mark.seq) for mark in map(marks.next, texts)] == [
            ("porch", 0), ("yard", 0), ("porch", 1), ("yard", 1),
        ]  # fmt: skip

    def test_never_a_stream_per_text(self) -> None:
        marks = Postmarks()
        assert len({marks.next(f"at {number}").stream for number in range(1000)}) < 100

    def test_a_name_in_the_address(self) -> None:
        assert Postmarks("door").next("porch").stream == "door"

    def test_renamed_names_are_valid_and_different(self) -> None:
        one, other = Postmarks(), Postmarks()
        one.rename()
        other.rename()
        names = {one.next("x" * 80).stream, other.next("x" * 80).stream}
        assert len(names) == 2
        assert all(len(name) <= 64 for name in names)


class TestPicture:
    def test_an_array_of_ones_own_is_not_copied(self) -> None:
        memory = np.arange(12, dtype=np.uint8)
        lent = np.frombuffer(memory.data.toreadonly(), np.uint8).reshape(2, 2, 3)
        lent.flags.writeable = False
        assert np.shares_memory(own(lent), memory)
        assert own(lent).flags.writeable
        assert own(lent).shape == (2, 2, 3)

    def test_memory_of_others_is_copied(self) -> None:
        lent = np.frombuffer(bytes(12), np.uint8)
        assert own(lent).flags.writeable
        part = np.arange(24, dtype=np.uint8)[:12]
        part.flags.writeable = False
        assert not np.shares_memory(own(part), part)

    def test_bytes_that_are_no_picture(self) -> None:
        assert Picture("x", zmq.Frame(b"abc")).jpg().bytes == b"abc"
        assert Picture.of(Frame.of(np.frombuffer(b"abc", np.uint8))).jpg() == b"abc"
        with pytest.raises(BadFrame, match="neither a JPEG nor a PNG"):
            Picture("x", zmq.Frame(b"abc")).image()

    def test_big_endian_numbers(self) -> None:
        head = b'{"msg": "x", "dtype": ">u2", "shape": [1, 2]}'
        picture = Picture.read(zmq.Frame(head), zmq.Frame(b"\0\1\0\2"))
        assert picture.image().tolist() == [[1, 2]]

    @pytest.mark.parametrize(
        ("head", "said"),
        [
            (b"[]", "Expected `object`"),
            (b"\xff", "not a JSON header"),
            (b"[" * 5000, "not a JSON header"),
            (b'{"dtype": "uint8"}', "do not describe"),
            (b'{"dtype": "O", "shape": [1]}', "not a numeric type"),
            (b'{"dtype": "uint8", "shape": [-1]}', "extents"),
            (b'{"dtype": "uint8", "shape": [2, 2]}', "is 4 bytes, 3 arrived"),
            (b'{"msg": "' + b"x" * 70_000 + b'"}', "limit is 65536"),
        ],
    )
    def test_nonsense(self, head: bytes, said: str) -> None:
        with pytest.raises(BadFrame, match=said):
            Picture.read(zmq.Frame(head), zmq.Frame(bytes(3)))

    @settings(deadline=None)
    @given(st.binary(max_size=200) | st.dictionaries(st.sampled_from(["msg", "dtype", "shape"]), st.text() | st.lists(
        st.integers())).map(lambda head: json.dumps(head).encode()), st.binary(max_size=64))  # fmt: skip
    def test_anything_at_all(self, head: bytes, payload: bytes) -> None:
        for method in ("image", "jpg"):
            with contextlib.suppress(BadFrame):
                getattr(Picture.read(zmq.Frame(head), zmq.Frame(payload)), method)()


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "places"),
        [
            ("tcp://desk:5555", ["tcp://desk:5555"]),
            ("tcp://desk", ["tcp://desk:5555"]),
            ("tcp://a:1,b:2", ["tcp://a:1", "tcp://b:2"]),
            ("tcp://a:1, tcp://b:2", ["tcp://a:1", "tcp://b:2"]),
            (["tcp://a:1", "ipc:///tmp/x,y"], ["tcp://a:1", "ipc:///tmp/x,y"]),
            ("imagezmq+tcp://a:1", ["imagezmq+tcp://a:1"]),
        ],
    )
    def test_one_or_several(self, text: Any, places: list[str]) -> None:
        assert [str(link) for link in links(text)] == places


class TestModule:
    def test_its_names(self) -> None:
        assert imagezmq.__all__ == ["ImageHub", "ImageSender", "ImageTimeout", "JpgBuffer"]
        assert imagezmq.__version__ == "1.2.0"

    def test_framebus_itself_does_not_load_it(self) -> None:
        code = "import sys, framebus; assert not [n for n in sys.modules if 'imagezmq' in n or n == 'zmq']"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_the_time_limit_is_known_by_every_name(self) -> None:
        error = imagezmq.ImageTimeout("too late")
        for kind in (fb.Error, fb.Timeout, TimeoutError, OSError, zmq.Again, zmq.ZMQError):
            assert isinstance(error, kind)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (str(again), again.errno) == ("too late", zmq.EAGAIN)
