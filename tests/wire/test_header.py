"""Frames and packets on the wire: exact bytes, exact values, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame, Packet
from framebus.wire import header
from framebus.wire.encodings import EncodedImage
from tests.wire.arrivals import frames, picture, same, settle, spoiled

STAMP = {
    "fb": 1,
    "stream": "porch",
    "run": "00000000deadbeef",
    "seq": 7,
    "captured_ns": "1795227106552628352",
    "captured_mono_ns": "1583749003591",
    "clock": "e4b9",
}
RAW = {"msg": "porch", "dtype": "uint8", "shape": [2, 2, 3], **STAMP, "format": "bgr24"}
CODED = {"msg": "porch", "encoding": "jpeg", "image_dtype": "uint8", "image_shape": [4, 4], **STAMP, "format": "gray8"}
PACKET = {"msg": "porch", **STAMP, "codec": "h264", "key": True, "pts": -5, "dts": -9, "config": "AAEC"}


def compact(head: dict[str, Any]) -> bytes:
    return json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()


def stamped(content: Any, **more: Any) -> Frame:
    frame = Frame.of(content, stream="porch", run=0xDEADBEEF, seq=7, captured_ns=1795227106552628352, **more)
    return frame.replace(captured_mono_ns=1583749003591, clock="e4b9")


def decoded(head: dict[str, Any], payload: bytes = bytes(range(12))) -> Any:
    return header.decode(json.dumps(head).encode(), payload)[0]


class TestGolden:
    def test_frame(self) -> None:
        parts = header.encode(stamped(picture(2, 2, 3), meta={"lens": "é", "n": [1, None]}), thinned=3)
        assert parts[0] == compact({**RAW, "meta": {"lens": "é", "n": [1, None]}, "thinned": 3})
        assert bytes(parts[1]) == bytes(range(12))

    def test_encoded_frame_has_no_dtype_and_shape_so_that_old_hubs_take_it_for_a_jpg(self) -> None:
        image = EncodedImage("jpeg", memoryview(b"\xff\xd8\xff"), (4, 4), np.dtype("u1"), "gray8")
        assert [*map(bytes, header.encode(stamped(image)))] == [compact(CODED), b"\xff\xd8\xff"]

    def test_packet(self) -> None:
        packet = Packet(
            data=memoryview(b"\0\0\1"), codec="h264", key=True, pts=-5, dts=-9, config=b"\0\1\2", stream="porch",
            run=0xDEADBEEF, seq=7, captured_ns=1795227106552628352, captured_mono_ns=1583749003591, clock="e4b9",
        )  # fmt: skip
        assert [*map(bytes, header.encode(packet))] == [compact(PACKET), b"\0\0\1"]

    def test_several_arrays(self) -> None:
        frame = stamped(picture(2, 2, 3), arrays={"depth": picture(2, 2, dtype="<f4"), "mask": picture(2, dtype="u1")})
        head, payload = header.encode(frame)
        entries = [
            {"name": "depth", "dtype": "float32", "shape": [2, 2], "offset": 64},
            {"name": "mask", "dtype": "uint8", "shape": [2], "offset": 128},
        ]
        assert head == compact({**RAW, "arrays": entries})
        depth = bytes.fromhex("00000000 0000803f 00000040 00004040")
        assert bytes(payload) == bytes(range(12)) + bytes(52) + depth + bytes(48) + b"\0\1"

    def test_frame_from_bytes(self) -> None:
        frame, thinned = header.decode(compact({**RAW, "meta": {"a": 1}, "thinned": 9}), bytes(range(12)))
        assert isinstance(frame, Frame)
        assert same(frame.data, picture(2, 2, 3))
        assert (frame.stream, frame.run, frame.seq, frame.format, frame.clock) == (
            "porch", 0xDEADBEEF, 7, "bgr24", "e4b9",
        )  # fmt: skip
        assert (frame.captured_ns, frame.captured_mono_ns) == (1795227106552628352, 1583749003591)
        assert (frame.meta, frame.missed, thinned) == ({"a": 1}, 0, 9)

    def test_packet_from_bytes(self) -> None:
        packet, thinned = header.decode(compact(PACKET), b"\0\0\1")
        assert isinstance(packet, Packet)
        assert (packet.codec, packet.key, packet.pts, packet.dts, packet.config) == ("h264", True, -5, -9, b"\0\1\2")
        assert (bytes(packet.data), packet.identity, thinned) == (b"\0\0\1", stamped(picture(1)).identity, 0)

    def test_other_spellings_of_the_same_header(self) -> None:
        spaced = json.dumps(dict(reversed({**RAW, "later": {"deep": [[[[[1]]]]]}}.items())), indent=3).encode()
        frame, _ = header.decode(spaced, bytes(12))
        assert isinstance(frame, Frame)
        assert frame.seq == 7


class TestPixels:
    def test_contiguous_pixels_are_not_copied(self) -> None:
        array = picture(4, 5, 3)
        _, payload = header.encode(stamped(array))
        assert np.shares_memory(np.frombuffer(payload, np.uint8), array)

    def test_received_pixels_are_a_read_only_view(self) -> None:
        payload = bytearray(range(12))
        frame, _ = header.decode(compact(RAW), payload)
        assert isinstance(frame, Frame)
        assert np.shares_memory(frame.data, np.frombuffer(payload, np.uint8))
        with pytest.raises(ValueError, match="WRITEABLE"):
            frame.data.flags.writeable = True

    @pytest.mark.parametrize(
        "array",
        [
            picture(6, 4)[::2, ::-1],
            np.asfortranarray(picture(3, 4, dtype="<u2")),
            picture(3, 4, dtype=">u2"),
            picture(0, 4, 3),
            np.array(3.5, ">f8"),
            np.array([True, False]),
            picture(2, 2, dtype="c16") * 1j,
            picture(1, 1, 1, 1, 1, 1, 1, 2, dtype="f2"),
        ],
        ids=["strided", "fortran", "foreign order", "empty", "no dimensions", "bool", "complex", "eight dimensions"],
    )
    def test_every_kind_of_array_arrives_as_it_was(self, array: Any) -> None:
        frame, _ = header.decode(*header.encode(stamped(array)))
        assert isinstance(frame, Frame)
        assert same(frame.data, array)

    def test_arrays_behind_an_encoded_picture(self) -> None:
        image = EncodedImage("jpeg", memoryview(b"\xff\xd8\xff"), (4, 4), np.dtype("u1"), "gray8")
        frame, _ = header.decode(*header.encode(stamped(image, arrays={"depth": picture(3)})))
        assert isinstance(frame, Frame)
        assert isinstance(frame.content, EncodedImage)
        assert bytes(frame.content.data) == b"\xff\xd8\xff"
        assert same(dict(frame.extra)["depth"], picture(3))


class TestRefusedOnArrival:
    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"fb": 2}, "version 2"),
            ({"stream": "../etc"}, "stream name"),
            ({"stream": ""}, "stream name"),
            ({"run": "xyz"}, "hexadecimal"),
            ({"run": "0x000000deadbeef"}, "hexadecimal"),
            ({"seq": -1}, "seq"),
            ({"seq": 2**53}, "seq"),
            ({"seq": True}, "seq"),
            ({"captured_ns": "noon"}, "captured_ns"),
            ({"captured_ns": "-1"}, "captured_ns"),
            ({"captured_ns": str(2**63)}, "captured_ns"),
            ({"clock": "x" * 65}, "clock"),
            ({"thinned": -1}, "thinned"),
            ({"dtype": "object"}, "not a numeric type"),
            ({"dtype": "O8"}, "not a numeric type"),
            ({"dtype": "u1,u1"}, "not a numeric type"),
            ({"dtype": "V3"}, "not a numeric type"),
            ({"dtype": "datetime64[ns]"}, "not a numeric type"),
            ({"dtype": ""}, "not a numeric type"),
            ({"shape": [2, 3, 3]}, "12 arrived"),
            ({"shape": [2, 2, 4]}, "is not bgr24"),
            ({"shape": [2, 2, 2], "format": "array"}, "12 arrived"),
            ({"shape": [-2, -2, 3]}, "shape"),
            ({"shape": [2**40, 2**40, 3]}, "12 arrived"),
            ({"shape": [2**60, 2**60, 3]}, "shape"),
            ({"shape": [0, 2**50, 2**50], "format": "array"}, "cannot be made|12 arrived"),
            ({"shape": [1] * 9}, "shape"),
            ({"shape": [2.5, 2, 3]}, "shape"),
            ({"shape": 12}, "shape"),
            ({"format": "gray8"}, "gray8"),
            ({"format": "yuv9"}, "yuv9"),
            ({"meta": []}, "meta"),
            ({"meta": {"a": {"b": {"c": {"d": {}}}}}}, "nested deeper"),
            ({"meta": {"a": [[[[1]]]]}}, "nested deeper"),
        ],
    )  # fmt: skip
    def test_frame(self, changes: dict[str, Any], text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            decoded({**RAW, **changes})

    @pytest.mark.parametrize("key", ["fb", "stream", "run", "seq", "dtype", "shape"])
    def test_frame_without(self, key: str) -> None:
        with pytest.raises(BadFrame, match=key):
            decoded({name: value for name, value in RAW.items() if name != key})

    @pytest.mark.parametrize("key", ["encoding", "image_dtype", "image_shape"])
    def test_encoded_frame_without(self, key: str) -> None:
        with pytest.raises(BadFrame):
            decoded({name: value for name, value in CODED.items() if name != key})

    @pytest.mark.parametrize("key", ["key", "pts", "dts"])
    def test_packet_without(self, key: str) -> None:
        with pytest.raises(BadFrame, match="a packet needs"):
            decoded({name: value for name, value in PACKET.items() if name != key})

    @pytest.mark.parametrize(
        "changes", [{"codec": ""}, {"pts": 2**53}, {"dts": "now"}, {"config": "*"}, {"config": "A" * 22000}]
    )
    def test_packet(self, changes: dict[str, Any]) -> None:
        with pytest.raises(BadFrame):
            decoded({**PACKET, **changes})

    @pytest.mark.parametrize(
        "raw", [b"", b"GET / HTTP/1.1", b"\xff\xfe", b"[]", b"[" * 60000, b'{"fb":1,"seq":NaN}', b"\x00" * 40]
    )
    def test_what_is_no_header(self, raw: bytes) -> None:
        assert not header.is_native(raw) or raw.startswith(b'{"fb"')
        with pytest.raises(BadFrame, match="not a framebus frame header"):
            header.decode(raw, b"")

    def test_numbers_that_json_does_not_have(self) -> None:
        with pytest.raises(BadFrame, match="not a framebus frame header"):
            header.decode(compact({**RAW, "meta": {"x": 1}}).replace(b'"x":1', b'"x":NaN'), bytes(12))

    def test_header_above_64_kib(self) -> None:
        with pytest.raises(BadFrame, match="limit is 65536"):
            decoded({**RAW, "meta": {"x": "y" * 65536}})

    def test_payload_above_the_callers_limit(self) -> None:
        with pytest.raises(BadFrame, match="12 bytes on stream 'porch': the limit is 11"):
            header.decode(compact(RAW), bytes(12), max_bytes=11)

    @pytest.mark.parametrize(
        ("entries", "text"),
        [
            ([("a", "uint8", [2], 64), ("a", "uint8", [2], 128)], "two arrays called 'a'"),
            ([("image", "uint8", [2], 64)], "picture itself"),
            ([("a", "uint8", [2], 63)], "has to be 64"),
            ([("a", "uint8", [2], 0)], "has to be 64"),
            ([("a", "uint8", [2], 128)], "has to be 64"),
            ([("a", "uint8", [3], 64)], "payload of 66"),
            ([("a", "uint8", [1], 64)], "payload of 66"),
            ([("a", "float64", [2**50], 64)], "payload of 66"),
            ([("a", "object", [2], 64)], "numeric"),
            ([("", "uint8", [2], 64)], "name"),
            ([(str(n), "uint8", [0], 64) for n in range(65)], "arrays"),
        ],
    )
    def test_arrays(self, entries: list[tuple[Any, ...]], text: str) -> None:
        described = [dict(zip(("name", "dtype", "shape", "offset"), entry, strict=True)) for entry in entries]
        with pytest.raises(BadFrame, match=text):
            decoded({**RAW, "arrays": described}, bytes(66))

    def test_the_text_names_the_stream(self) -> None:
        with pytest.raises(BadFrame, match="stream 'porch': shape"):
            decoded({**RAW, "shape": [9, 9, 3]})


class TestRefusedBeforeSending:
    @pytest.mark.parametrize(
        ("frame", "text"),
        [
            (Frame.of(picture(2, 2)), "stream name ''"),
            (Frame.of(picture(2, 2), stream="a b"), "stream name 'a b'"),
            (stamped(picture(2, 2)).replace(run=2**64), "64-bit"),
            (stamped(picture(2, 2)).replace(format="bgr24"), "bgr24"),
            (stamped(picture(2, 2)).replace(content=np.zeros(2, "M8[s]"), format="array"), "only numbers travel"),
            (stamped(picture(2, 2)).replace(content=np.zeros(2, "V3"), format="array"), "only numbers travel"),
            (stamped(picture(2, 2), meta={"x": "y" * 70000}), "limit is 65536"),
            (stamped(picture(2, 2), meta={"x": "\ud800"}), "cannot be written as JSON"),
            (stamped(picture(2, 2), arrays={"image": picture(2)}), "picture itself"),
            (stamped(picture(2, 2), arrays={"": picture(2)}), "name"),
            (stamped(picture(2, 2), arrays={"times": np.zeros(2, "M8[s]")}), "only numbers travel"),
            (stamped(picture(2, 2), arrays={str(n): picture(1) for n in range(65)}), "limit is 64"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_frame(self, frame: Frame, text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            header.encode(frame)


class TestIsNative:
    @pytest.mark.parametrize("raw", [compact(RAW), b'{"fb":2}', b' {"op":"hello", "fb" : 1}'])
    def test_yes(self, raw: bytes) -> None:
        assert header.is_native(raw)
        assert header.is_native(memoryview(raw))

    @pytest.mark.parametrize("raw", [b'{"msg":"fb"}', b'{"fb":null}', b"", b"fb", b'["fb"]', b'{"fb":1' + b" " * 65536])
    def test_no(self, raw: bytes) -> None:
        assert not header.is_native(raw)


@given(frames(), st.integers(0, 2**53 - 1))
def test_what_is_sent_is_what_arrives(frame: Frame, thinned: int) -> None:
    arrived, count = header.decode(*header.encode(frame, thinned))
    assert isinstance(arrived, Frame)
    assert (arrived.identity, count, arrived.format) == (frame.identity, thinned, frame.format)
    assert (arrived.captured_ns, arrived.captured_mono_ns) == (frame.captured_ns, frame.captured_mono_ns)
    assert (arrived.clock, dict(arrived.meta)) == (frame.clock, dict(frame.meta))
    assert same(arrived.data, frame.data)
    assert [name for name, _ in arrived.extra] == [name for name, _ in frame.extra]
    assert all(same(one, other) for (_, one), (_, other) in zip(arrived.extra, frame.extra, strict=True))


WITH_ARRAYS = [bytes(part) for part in header.encode(stamped(picture(2, 2, 3), arrays={"a": picture(2, dtype="<u2")}))]
VALID = [
    [compact(RAW), bytes(12)],
    [compact({**RAW, "meta": {"a": {"b": [1, 2.5, "c"]}}}), bytes(12)],
    [compact(CODED), b"\xff\xd8\xff"],
    [compact(PACKET), b"\0\0\1"],
    WITH_ARRAYS,
]


@given(spoiled(VALID) | st.lists(st.binary(max_size=200), min_size=2, max_size=2))
def test_whatever_arrives_is_a_frame_or_refused(parts: list[bytes]) -> None:
    if len(parts) < 2:
        return
    arrived = settle(lambda: header.decode(parts[0], parts[1]))
    if not isinstance(arrived, BadFrame):
        item, thinned = arrived
        again, count = header.decode(*header.encode(item, thinned))
        assert (again.identity, again.nbytes, count) == (item.identity, item.nbytes, thinned)
