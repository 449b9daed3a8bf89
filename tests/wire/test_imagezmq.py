"""imageZMQ, byte for byte: what senders send, what hubs expect, and what neither may."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.wire import header
from framebus.wire.dialects import Kind, imagezmq, recognise
from framebus.wire.encodings import EncodedImage, encode
from tests.wire.arrivals import picture, same, settle, spoiled
from tests.wire.test_encodings import JPEG

IMAGE = [b'{"msg": "camA", "dtype": "uint8", "shape": [2, 2, 3]}', bytes(range(12))]
COMPACT = [b'{"msg":"camA","dtype":"uint8","shape":[2,2,3]}', bytes(range(12))]
EXTRA = [b'{"msg":"x","dtype":"uint8","shape":[2,2,3],"extra":{"ts":1.5}}', bytes(range(12))]
JPG = [b'{"msg": "cam1"}', JPEG]
RECIPE = [b'{"dtype": "float32", "shape": [1, 3]}', bytes(12)]


class TestDecode:
    @pytest.mark.parametrize("parts", [IMAGE, COMPACT], ids=["spaced", "compact"])
    def test_image_in_both_spellings(self, parts: list[bytes]) -> None:
        frame = imagezmq.decode(parts)
        assert (frame.stream, frame.format, frame.meta) == ("camA", "bgr24", {"msg": "camA"})
        assert same(frame.data, picture(2, 2, 3))
        assert not frame.data.flags.writeable
        assert frame.captured_ns > 0

    def test_other_keys_travel_in_meta(self) -> None:
        assert imagezmq.decode(EXTRA).meta == {"msg": "x", "extra": {"ts": 1.5}}

    def test_jpg_stays_encoded(self) -> None:
        frame = imagezmq.decode(JPG)
        assert isinstance(frame.content, EncodedImage)
        assert (frame.stream, frame.shape, frame.format) == ("cam1", (8, 8), "gray8")
        assert bytes(frame.content.data) == JPEG
        assert frame.image.shape == (8, 8)

    def test_array_recipe(self) -> None:
        frame = imagezmq.decode(RECIPE, default="sensor")
        assert (frame.stream, frame.format, dict(frame.meta)) == ("sensor", "array", {})
        assert same(frame.data, np.zeros((1, 3), "<f4"))

    @pytest.mark.parametrize(
        ("text", "stream"),
        [
            ("porch cam|jpg", "porch-cam"),
            ("cam 1|jpgé", "cam-1"),
            ("|x", "hub"),
            ("", "hub"),
            (None, "hub"),
            (7, "hub"),
            ({"name": "a", "at": [1]}, "hub"),
            ("x" * 100, "x" * 64),
        ],
    )
    def test_the_text_names_the_stream_and_stays_as_sent(self, text: Any, stream: str) -> None:
        head = json.dumps({"msg": text, "dtype": "uint8", "shape": [1]}).encode()
        frame = imagezmq.decode([head, b"x"], default="hub")
        assert (frame.stream, frame.meta["msg"]) == (stream, text)

    def test_a_frame_of_ours_is_an_image_to_old_hubs(self) -> None:
        native = header.encode(Frame.of(picture(2, 2, 3), stream="porch"))
        head = json.loads(bytes(native[0]))
        assert list(head)[:3] == ["msg", "dtype", "shape"]
        assert same(imagezmq.decode(native).data, picture(2, 2, 3))

    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ([], "two parts"),
            (IMAGE[:1], "two parts"),
            ([*IMAGE, b""], "two parts"),
            ([b"camA", b""], "not a JSON header"),
            ([b"[]", b""], "not a JSON header"),
            ([b'{"msg": NaN}', JPEG], "not a JSON header"),
            ([b"{}", JPEG], "neither an imageZMQ image nor a jpg"),
            ([b'{"msg": "x"}', b"no jpeg"], "neither a JPEG nor a PNG"),
            ([b'{"msg": "x"}', JPEG[:50]], "damaged jpeg"),
            ([b'{"msg": "x", "dtype": "uint8"}', b"x"], "do not describe an array"),
            ([b'{"msg": "x", "shape": [1]}', b"x"], "do not describe an array"),
            ([b'{"dtype": "uint8", "shape": [true]}', b"x"], "do not describe an array"),
            ([b'{"dtype": "uint8", "shape": [1.0]}', b"x"], "do not describe an array"),
            ([b'{"dtype": "O", "shape": [1]}', bytes(8)], "not a numeric type"),
            ([b'{"dtype": "S5", "shape": [1]}', bytes(5)], "not a numeric type"),
            ([b'{"dtype": "uint8", "shape": [2]}', b"x"], "is 2 bytes, 1 arrived"),
            ([b'{"dtype": "uint8", "shape": [-1]}', b"x"], "extents"),
            ([b'{"dtype": "uint8", "shape": [' + b"1," * 8 + b"1]}", b"x"], "9 dimensions"),
            ([b'{"dtype": "uint8", "shape": [1e3]}', b"x"], "do not describe"),
            ([b'{"dtype": "uint8", "shape": [4611686018427387904, 4]}', b"x"], "extents"),
            ([b'{"msg": [[[[1]]]], "dtype": "uint8", "shape": [1]}', b"x"], "nested deeper"),
            ([b'{"msg": "' + b"x" * 65536 + b'"}', JPEG], "limit is 65536"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refused(self, parts: list[bytes], text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            imagezmq.decode(parts)

    def test_above_the_callers_limit(self) -> None:
        with pytest.raises(BadFrame, match="12 bytes: the limit is 11"):
            imagezmq.decode(IMAGE, max_bytes=11)


class TestEncode:
    def test_image_as_the_library_sends_it(self) -> None:
        frame = Frame.of(picture(2, 2, 3), stream="cam", meta={"msg": "cam 1|jpgé", "other": 1})
        expected = b'{"msg": "cam 1|jpg\\u00e9", "dtype": "uint8", "shape": [2, 2, 3]}'
        assert [*map(bytes, imagezmq.encode(frame))] == [expected, bytes(range(12))]

    def test_the_stream_is_the_text_where_there_is_none(self) -> None:
        assert imagezmq.encode(Frame.of(picture(2, 2, 3), stream="camA"))[0] == IMAGE[0]

    def test_jpg(self) -> None:
        frame = encode(Frame.of(picture(8, 8), stream="cam1"), "jpeg")
        head, payload = imagezmq.encode(frame)
        assert head == b'{"msg": "cam1"}'
        assert bytes(payload[:3]) == b"\xff\xd8\xff"

    def test_other_encodings_are_decoded(self) -> None:
        frame = encode(Frame.of(picture(2, 2, dtype=">u2"), stream="x"), "lz4")
        assert [*map(bytes, imagezmq.encode(frame))] == [
            b'{"msg": "x", "dtype": ">u2", "shape": [2, 2]}',
            bytes([0, 0, 0, 1, 0, 2, 0, 3]),
        ]

    def test_colours_go_out_as_bgr(self) -> None:
        frame = Frame.of(picture(1, 1, 3), stream="x", format="rgb24")
        assert bytes(imagezmq.encode(frame)[1]) == bytes([2, 1, 0])

    def test_never_more_than_two_parts(self) -> None:
        frame = Frame.of(picture(2, 2), stream="x", arrays={"depth": picture(3)})
        assert len(imagezmq.encode(frame)) == 2

    def test_text_that_json_cannot_carry(self) -> None:
        with pytest.raises(BadFrame, match=r"meta\.msg is nan"):
            imagezmq.encode(Frame.of(picture(1), stream="x", meta={"msg": float("nan")}))

    def test_our_own_frames_say_which_they_are_in_keys_that_hubs_ignore(self) -> None:
        frame = Frame.of(picture(2, 2, 3), stream="camA", run=0xC0FFEE, seq=7, meta={"msg": "camA", "t": [1]})
        head, payload = imagezmq.encode(frame, stamped=True)
        said = json.loads(bytes(head))
        assert list(said)[:3] == ["msg", "dtype", "shape"]
        assert (said["run"], said["captured_ns"]) == ("0000000000c0ffee", str(frame.captured_ns))
        assert recognise([head, payload]) is Kind.IMAGEZMQ, "nobody takes it for one of our own messages"
        there = imagezmq.decode([head, payload])
        assert there.identity == frame.identity
        assert (there.captured_ns, there.captured_mono_ns, there.clock) == (
            frame.captured_ns,
            frame.captured_mono_ns,
            frame.clock,
        )
        assert there.meta == frame.meta

    def test_a_stamped_jpg(self) -> None:
        frame = encode(Frame.of(picture(8, 8), stream="cam1", run=1), "jpeg")
        there = imagezmq.decode(imagezmq.encode(frame, stamped=True))
        assert (there.identity, there.meta) == (frame.identity, {"msg": "cam1"})

    def test_a_frame_without_identity_has_no_stamp(self) -> None:
        assert imagezmq.encode(Frame.of(picture(2, 2, 3), stream="camA"), stamped=True)[0] == IMAGE[0]

    @pytest.mark.parametrize(
        "change",
        [
            {"run": "x"},
            {"run": "0" * 16},
            {"run": 5},
            {"seq": -1},
            {"seq": None},
            {"stream": "a b"},
            {"clock": "x" * 65},
        ],
    )
    def test_half_a_stamp_is_somebody_elses_keys(self, change: dict[str, Any]) -> None:
        said = {"stream": "s", "run": "0" * 15 + "1", "seq": 3, "captured_ns": "5"} | change
        head = json.dumps({"msg": "cam", "dtype": "uint8", "shape": [1], **said}).encode()
        frame = imagezmq.decode([head, b"x"])
        assert (frame.stream, frame.run) == ("cam", 0)
        assert frame.meta == {"msg": "cam", **said}

    def test_meta_that_is_too_much(self) -> None:
        with pytest.raises(BadFrame, match="put less into `meta`"):
            imagezmq.encode(Frame.of(picture(1), stream="x", run=1, meta={"a": "x" * 70_000}), stamped=True)
        with pytest.raises(BadFrame, match="nested deeper"):
            imagezmq.encode(Frame.of(picture(1), stream="x", run=1, meta={"a": {"b": {"c": {}}}}), stamped=True)

    def test_the_answer_is_one_part(self) -> None:
        assert imagezmq.reply() == [b"OK"]
        assert imagezmq.reply(b"later") == [b"later"]

    def test_subscriptions_cover_both_spellings(self) -> None:
        assert imagezmq.filters("camA") == (b'{"msg": "camA', b'{"msg":"camA')
        assert imagezmq.filters('"msg": é') == (b'{"msg": "\\"msg\\": \\u00e9', b'{"msg":"\\"msg\\": \\u00e9')
        assert all(any(part.startswith(one) for one in imagezmq.filters("cam")) for part in (IMAGE[0], COMPACT[0]))


class TestSubscriptions:
    def test_everything(self) -> None:
        assert imagezmq.subscriptions("") == imagezmq.subscriptions("*") == [b""]

    def test_a_name_in_both_spellings(self) -> None:
        assert imagezmq.subscriptions("camA") == [b'{"msg": "camA', b'{"msg":"camA']
        assert imagezmq.subscriptions("cam*") == [b'{"msg": "cam', b'{"msg":"cam']

    @given(st.text(max_size=12), st.booleans(), st.data())
    def test_whatever_becomes_the_name_is_subscribed_to(self, text: str, compact: bool, data: st.DataObject) -> None:
        text = data.draw(st.sampled_from(["a", "Z", "7"])) + text
        name = to_name(text)
        spelled = json.dumps({"msg": text}, separators=(",", ":") if compact else None).encode()
        for pattern in (name, name[:3] + "*"):
            assert any(spelled.startswith(start) for start in imagezmq.subscriptions(pattern))

    def test_others_are_not(self) -> None:
        starts = imagezmq.subscriptions("cam-1")
        assert not any(b'{"msg": "cam2"}'.startswith(start) for start in starts)
        assert not any(b'{"msg": "cam-2"}'.startswith(start) for start in starts)


STAMPED = [*map(bytes, imagezmq.encode(Frame.of(picture(2, 2), stream="a", run=1, meta={"x": 1}), stamped=True))]


@given(spoiled([IMAGE, COMPACT, EXTRA, JPG, RECIPE, STAMPED]))
def test_whatever_arrives_is_a_frame_that_can_be_relayed_or_refused(parts: list[bytes]) -> None:
    frame = settle(lambda: imagezmq.decode(parts))
    if not isinstance(frame, BadFrame):
        header.decode(*header.encode(frame))
        settle(lambda: frame.image)
