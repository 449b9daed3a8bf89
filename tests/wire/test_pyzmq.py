"""What pyzmq scripts send: pickled arrays, topics, the array recipe, and the end."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.wire import header
from framebus.wire.dialects import pyzmq
from framebus.wire.dialects.foreign import End
from tests.wire.arrivals import picture, same, settle, spoiled
from tests.wire.test_pickles import NUMPY_2, Reduced

RECIPE = [b'{"dtype": "uint8", "shape": [2, 2]}', bytes(range(4))]
WITH_ID = [b'{"dtype": "uint8", "shape": [2, 2], "frame_id": 5}', bytes(range(4))]


def decode(parts: list[bytes], **more: Any) -> Frame:
    frame = pyzmq.decode(parts, **more)
    assert isinstance(frame, Frame)
    return frame


class TestDecode:
    def test_send_pyobj(self) -> None:
        frame = decode([NUMPY_2])
        assert (frame.stream, frame.format, dict(frame.meta)) == ("pyzmq", "gray8", {})
        assert same(frame.data, picture(2, 2))

    def test_topic_and_pickle(self) -> None:
        frame = decode([b"camera_frame|1", NUMPY_2])
        assert (frame.stream, frame.meta) == ("camera_frame", {"msg": "camera_frame|1"})

    def test_array_recipe(self) -> None:
        assert same(decode(RECIPE).data, picture(2, 2))
        assert decode(WITH_ID).meta == {"frame_id": 5}

    def test_a_list_with_the_frame_in_it(self) -> None:
        assert same(decode([b"movie", pickle.dumps([1.5, picture(2, 2)])]).data, picture(2, 2))

    def test_a_mapping_with_the_frame_in_it(self) -> None:
        said = {"t": 1.5, "image": picture(2, 2), "mask": picture(2), "raw": b"x", "n": np.int64(3), 4: 5}
        frame = decode([pickle.dumps(said)], default="lab")
        assert (frame.stream, frame.meta) == ("lab", {"t": 1.5, "n": 3})
        assert same(frame.data, picture(2, 2))

    def test_transforms_come_back_as_complex_numbers(self) -> None:
        assert same(decode([pickle.dumps(np.fft.fft2(picture(2, 2)))]).data, np.fft.fft2(picture(2, 2)))

    @pytest.mark.parametrize("parts", [[pickle.dumps("stop")], [b"movie", pickle.dumps("stop")]])
    def test_the_end(self, parts: list[bytes]) -> None:
        assert pyzmq.decode(parts) == End()

    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ([], "one or two parts"),
            ([b"", b"", NUMPY_2], "one or two parts"),
            ([pickle.dumps("go")], "str without an array"),
            ([pickle.dumps([1, [picture(2)]])], "list without an array"),
            ([pickle.dumps({"a": 1})], "dict without an array"),
            ([b"\xff", NUMPY_2], "topic that is no text"),
            ([b"x" * 70000, NUMPY_2], "topic of 70000 bytes"),
            ([pickle.dumps(Reduced(os.system, "x"))], "only numpy arrays are read"),
            ([NUMPY_2[:-5]], "pickle"),
            ([RECIPE[0], bytes(3)], "3 arrived"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refused(self, parts: list[bytes], text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            pyzmq.decode(parts)

    def test_above_the_callers_limit(self) -> None:
        for parts in ([NUMPY_2], RECIPE):
            with pytest.raises(BadFrame, match="the limit is 3"):
                pyzmq.decode(parts, max_bytes=3)


class TestEncode:
    def test_others_read_what_we_send(self) -> None:
        frame = Frame.of(picture(2, 2, 3), stream="x", format="rgb24")
        topic, body = pyzmq.encode(frame, topic="camera_frame")
        assert topic == b"camera_frame"
        assert same(pickle.loads(body), picture(2, 2, 3)[..., ::-1])  # noqa: S301  (our own bytes)
        assert len(pyzmq.encode(frame)) == 1
        assert pickle.loads(pyzmq.encode_end()[0]) == "stop"  # noqa: S301  (our own bytes)
        assert pyzmq.encode_end(topic="x")[0] == b"x"

    def test_recipe(self) -> None:
        assert [*map(bytes, pyzmq.encode_recipe(Frame.of(picture(2, 2), stream="x")))] == RECIPE

    def test_what_is_sent_is_what_arrives(self) -> None:
        frame = Frame.of(picture(3, 4, dtype=">f4"), stream="x")
        assert same(decode([*map(bytes, pyzmq.encode(frame))]).data, frame.data)


class TestSubscriptions:
    def test_everything_and_a_topic(self) -> None:
        assert pyzmq.subscriptions("") == [b""]
        assert pyzmq.subscriptions("camera_frame") == [b"camera_frame"]
        assert pyzmq.subscriptions("camera*") == [b"camera"]

    @given(st.text(st.characters(codec="utf-8"), max_size=12))
    def test_whatever_becomes_the_name_is_subscribed_to(self, text: str) -> None:
        topic = "a" + text
        assert any(topic.encode().startswith(start) for start in pyzmq.subscriptions(to_name(topic)))


@given(spoiled([RECIPE, WITH_ID, [NUMPY_2], [b"camera_frame", NUMPY_2], [pickle.dumps({"a": 1, "b": picture(2)})]]))
def test_whatever_arrives_is_a_frame_that_can_be_relayed_an_end_or_refused(parts: list[bytes]) -> None:
    frame = settle(lambda: pyzmq.decode(parts))
    if isinstance(frame, Frame):
        header.decode(*header.encode(frame))
