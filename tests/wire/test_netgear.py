"""NetGear, byte for byte: frames, answers, the end."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire import header
from framebus.wire.dialects import netgear, split_envelope
from framebus.wire.dialects.foreign import End
from framebus.wire.encodings import EncodedImage, encode
from tests.wire.arrivals import json_values, picture, same, settle, spoiled
from tests.wire.test_encodings import JPEG

RAW_HEAD = (
    b'{"terminate_flag": false, "compression": false, "message": null, "pattern": "1", "dtype": "uint8", '
    b'"shape": [2, 2, 3]}'
)
JPEG_HEAD = (
    b'{"terminate_flag": false, "compression": {"dct": true, "ups": false, "colorspace": "BGR"}, '
    b'"message": {"q": 1}, "pattern": "0", "dtype": "", "shape": ""}'
)
PORT_HEAD = (
    b'{"port": "5566", "terminate_flag": false, "compression": false, "message": "hi", "pattern": "2", '
    b'"dtype": "uint8", "shape": [2, 2, 3]}'
)
RAW = [RAW_HEAD, bytes(range(12))]
COMPRESSED = [JPEG_HEAD, JPEG]
SEVERAL = [PORT_HEAD, bytes(range(12))]
END = [b'{"terminate_flag": true}']
TEXT = [b"Data received on device: Z38S1ALE !"]
DATA = [b'{"return_type": "dict", "data": {"a": 1}}']
ARRAY = [
    b'{"return_type": "ndarray", "compression": false, "array_dtype": "uint8", "array_shape": [2, 2, 3], "data": null}',
    bytes(range(12)),
]


def decode(parts: list[bytes]) -> Frame:
    frame = netgear.decode(parts)
    assert isinstance(frame, Frame)
    return frame


class TestFrames:
    def test_raw(self) -> None:
        frame = decode(RAW)
        assert (frame.stream, frame.format, dict(frame.meta)) == ("netgear", "bgr24", {})
        assert same(frame.data, picture(2, 2, 3))

    def test_jpeg_stays_encoded(self) -> None:
        frame = decode(COMPRESSED)
        assert isinstance(frame.content, EncodedImage)
        assert (frame.shape, frame.meta) == ((8, 8), {"msg": {"q": 1}})

    def test_several_senders_have_names_of_their_own(self) -> None:
        frame = decode(SEVERAL)
        assert (frame.stream, frame.meta) == ("netgear-5566", {"msg": "hi", "port": "5566"})

    @pytest.mark.parametrize(("parts", "port"), [(END, None), ([b'{"port": "1", "terminate_flag": true}'], "1")])
    def test_the_end(self, parts: list[bytes], port: str | None) -> None:
        assert netgear.decode(parts) == End(port)
        assert [*map(bytes, netgear.encode_end(port=port))] == parts

    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ([], "two parts"),
            (RAW[:1], "two parts"),
            ([*RAW, b""], "two parts"),
            ([b'{"terminate_flag": 0}', b""], "terminate_flag"),
            ([b'{"message": 1}', b""], "terminate_flag"),
            ([b"\x83\xc4", b""], "not a JSON header"),
            ([RAW[0], bytes(11)], "11 arrived"),
            ([RAW[0].replace(b"uint8", b"object"), bytes(12)], "not a numeric type"),
            ([RAW[0].replace(b"[2, 2, 3]", b'""'), bytes(12)], "do not describe an array"),
            ([COMPRESSED[0], bytes(12)], "neither a JPEG nor a PNG"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refused(self, parts: list[bytes], text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            netgear.decode(parts)

    def test_raw_as_the_library_sends_it(self) -> None:
        frame = Frame.of(picture(2, 2, 3), stream="x")
        assert [*map(bytes, netgear.encode(frame))] == RAW
        said = Frame.of(picture(2, 2, 3), stream="x", meta={"msg": "hi"})
        assert [*map(bytes, netgear.encode(said, pattern=2, port="5566"))] == SEVERAL

    def test_jpeg_as_the_library_sends_it(self) -> None:
        frame = encode(Frame.of(picture(8, 8, 3), stream="x", meta={"msg": {"q": 1}}), "jpeg")
        head, payload = netgear.encode(frame, pattern=0)
        assert head == COMPRESSED[0]
        assert bytes(payload[:3]) == b"\xff\xd8\xff"

    def test_gray_jpeg_says_so(self) -> None:
        head, _ = netgear.encode(encode(Frame.of(picture(8, 8), stream="x"), "jpeg"))
        assert json.loads(bytes(head))["compression"]["colorspace"] == "GRAY"

    def test_a_message_that_is_too_long(self) -> None:
        with pytest.raises(BadFrame, match="the limit is 65536"):
            netgear.encode(Frame.of(picture(1), stream="x", meta={"msg": "x" * 70_000}))


class TestAnswers:
    def test_text(self) -> None:
        assert netgear.text_answer("Z38S1ALE") == TEXT
        assert netgear.decode_answer(TEXT) == TEXT[0].decode()

    def test_data(self) -> None:
        assert netgear.data_answer({"a": 1}) == DATA
        assert netgear.decode_answer(DATA) == {"a": 1}
        assert netgear.data_answer(None, port="1") == [b'{"port": "1", "return_type": "NoneType", "data": null}']

    def test_an_array(self) -> None:
        assert [*map(bytes, netgear.data_answer(picture(2, 2, 3)))] == ARRAY
        assert same(netgear.decode_answer(ARRAY), picture(2, 2, 3))

    def test_an_array_as_jpeg(self) -> None:
        head = json.dumps({"return_type": "ndarray", "compression": {"dct": True}, "data": None}).encode()
        assert netgear.decode_answer([head, JPEG]).shape == (8, 8)

    def test_the_answer_to_a_request_repeats_its_envelope(self) -> None:
        envelope, message = split_envelope([b"\0id", b"\x80\0\0\1", b"", *RAW])
        assert message == RAW
        assert [*envelope, *netgear.text_answer("x")][:3] == [b"\0id", b"\x80\0\0\1", b""]

    @pytest.mark.parametrize("data", [object(), b"x", float("nan"), {1: 2}, np.zeros(1, "M8[s]")])
    def test_what_cannot_be_answered(self, data: Any) -> None:
        with pytest.raises(BadFrame, match=r"answer|key|numbers"):
            netgear.data_answer(data)

    @pytest.mark.parametrize(
        ("parts", "text"),
        [([], "two parts"), ([b"\xff"], "no text"), ([b"x" * 70000], "limit"), ([b"{}", b""], "is an array")],
    )
    def test_refused(self, parts: list[bytes], text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            netgear.decode_answer(parts)


@given(spoiled([RAW, COMPRESSED, SEVERAL, END]))
def test_whatever_arrives_is_a_frame_that_can_be_relayed_an_end_or_refused(parts: list[bytes]) -> None:
    frame = settle(lambda: netgear.decode(parts))
    if isinstance(frame, Frame):
        header.decode(*header.encode(frame))
        settle(lambda: frame.image)


@given(spoiled([TEXT, DATA, ARRAY]) | json_values.map(lambda value: [repr(value).encode()]) | st.just([]))
def test_whatever_is_answered_is_read_or_refused(parts: list[bytes]) -> None:
    settle(lambda: netgear.decode_answer(parts))
