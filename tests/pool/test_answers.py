"""Answers are taken apart for the way back and put together as they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.pool.answers import MAX_DEPTH, MAX_INLINE_BYTES, pack, unpack
from framebus.wire import control, limits, replies
from framebus.wire.control import FrameRange, Reply


def travelled(answer: Any) -> Any:
    """The answer as it comes out at the other end of a link."""
    data, named = pack(answer)
    described, nbytes = replies.describe(named)
    payload = memoryview(bytearray(nbytes))
    replies.place(payload, described, named)
    sent = Reply(frame=FrameRange("cam", f"{1:016x}", 0, 0), data=data, arrays=tuple(described))
    received = control.decode(control.encode(sent))
    assert isinstance(received, Reply)
    return unpack(received.data, replies.read(received.arrays, payload))


def same(one: Any, other: Any) -> bool:
    """Equal in value and type, arrays and nan included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype) and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


numeric = st.one_of(
    arrays_of.boolean_dtypes(),
    arrays_of.integer_dtypes(endianness="?"),
    arrays_of.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    arrays_of.complex_number_dtypes(endianness="?", sizes=(64, 128)),
)
pictures = arrays_of.arrays(numeric, arrays_of.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | pictures
keys = st.text() | st.integers() | st.booleans() | st.none() | st.sampled_from(["$array", "$json", "$plain", "$$x"])
answers = st.recursive(
    leaves,
    lambda inside: st.lists(inside) | st.lists(inside).map(tuple) | st.dictionaries(keys, inside),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(answers)
def test_what_goes_in_comes_out(answer: Any) -> None:
    assert same(travelled(answer), answer)


@pytest.mark.parametrize(
    ("given", "comes"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("cat"), "cat"),
        (np.array(7), 7),
        (np.uint64(2**64 - 1), 2**64 - 1),
        ({np.int64(3): np.float64(math.inf)}, {3: math.inf}),
        (MappingProxyType({"a": 1}), {"a": 1}),
    ],
)
def test_numpy_scalars_and_mappings_become_plain(given: Any, comes: Any) -> None:
    assert same(travelled(given), comes)


def test_plain_answers_are_plain_json() -> None:
    answer = {"boxes": [[1, 2, 3, 4]], "score": 0.5, "label": "cat"}
    assert pack(answer) == (answer, [])


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_that_other_languages_have_are_plain_and_larger_ones_are_text(sign: int) -> None:
    largest = sign * limits.MAX_EXACT_INT
    assert pack([largest, largest + sign]) == ([largest, {"$int": str(largest + sign)}], [])


def test_an_array_alone_needs_no_more_than_itself() -> None:
    mask = np.zeros((4, 5), bool)
    data, named = pack(mask)
    assert data == {"$array": 0}
    assert [(name, array is mask) for name, array in named] == [("0", True)]


def test_what_comes_is_read_only_and_a_view() -> None:
    came = np.arange(6).reshape(2, 3)
    came.flags.writeable = False
    assert unpack({"mask": {"$array": 0}}, [came])["mask"] is came


def test_more_data_than_a_control_message_holds() -> None:
    answer = {"polygons": [[number, number / 3] for number in range(5000)], "mask": np.ones(3)}
    assert len(msgspec.json.encode(answer["polygons"])) > 2 * MAX_INLINE_BYTES
    assert same(travelled(answer), answer)


def test_long_data_says_whether_there_is_anything_in_it_to_put_together() -> None:
    long = list(range(MAX_INLINE_BYTES))
    [(plain, _), (marked, _), (escaped, _)] = (pack(answer) for answer in (long, [long, (1, 2)], {"$x": long}))
    assert [*plain, *marked, *escaped] == ["$plain", "$json", "$json"]


def test_more_arrays_than_a_reply_holds() -> None:
    answer = [np.full((number % 7, 3), number, np.uint16) for number in range(500)]
    assert same(travelled(answer), answer)


def test_a_frame_comes_back_as_a_frame() -> None:
    frame = Frame.of(
        np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        format="rgb24",
        stream="cam",
        run=7,
        seq=3,
        meta={"a": 1},
        arrays={"depth": np.ones((2, 2), np.float32)},
    )
    came = travelled({"marked": frame})["marked"]
    assert (came.identity, came.format, came.meta, came.captured_ns) == (
        frame.identity,
        "rgb24",
        {"a": 1},
        frame.captured_ns,
    )
    assert np.array_equal(came.data, frame.data)
    assert np.array_equal(came.arrays["depth"], frame.arrays["depth"])


def test_a_frame_without_a_stream_travels_too() -> None:
    assert travelled(Frame.of(np.zeros((2, 2), np.uint8))).shape == (2, 2)


class Detections:
    """What somebody's library answers with."""


def itself() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({1, 2}, "the answer is of type set"),
        (b"bytes", "of type bytes"),
        ({"a": (1, {2})}, r"the answer\['a'\]\[1\] is of type set"),
        ([{7: {"b": {2}}}], r"the answer\[0\]\[7\]\['b'\] is of type set"),
        ({"boxes": [np.datetime64("2020-01-01")]}, r"the answer\['boxes'\]\[0\] is a number of type"),
        ({"boxes": [Detections()]}, r"the answer\['boxes'\]\[0\] is of type tests\.pool\.test_answers\.Detections"),
        (np.array(["a"], object), "array of object"),
        (np.array(["a"]), "array of <U1"),
        (np.zeros(2, "datetime64[s]"), "datetime64"),
        (np.datetime64("2020-01-01"), "datetime64"),
        (np.zeros(2, [("x", "u1")]), "array of"),
        (np.zeros((1,) * 9), "9 dimensions"),
        ({"a": {(1, 2): 3}}, r"the answer\['a'\] has the key \(1, 2\) of type tuple"),
        (1j, "complex"),
        (itself(), rf"^the answer(\[0\]){{26}}\[0… is nested deeper than {MAX_DEPTH} levels"),
        ([Frame.of(np.zeros(3), stream="not a name")], r"the answer\[0\] is a frame that cannot travel"),
    ],
)
def test_what_cannot_travel_is_named(answer: Any, says: str) -> None:
    with pytest.raises(BadFrame, match=says):
        pack(answer)


DAMAGED: list[tuple[Any, Sequence[Array]]] = [
    ({"$array": 3}, ()),
    ({"$array": "x"}, ()),
    ({"$array": [0, 0, "object", [1]]}, (np.zeros(8, np.uint8),)),
    ({"$array": [0, 4, "uint64", [1]]}, (np.zeros(8, np.uint8),)),
    ({"$json": 0}, (np.frombuffer(b"{", np.uint8),)),
    ({"$json": None}, ()),
    ({"$plain": 0}, (np.frombuffer(b"{", np.uint8),)),
    ({"$plain": 1}, ()),
    ({"$items": [[[], 1]]}, ()),
    ({"$items": 5}, ()),
    ({"$int": "x"}, ()),
    ({"$frame": ["{}", {"$array": 0}]}, (np.zeros(8, np.uint8),)),
    ({"$tuple": 3}, ()),
]


@pytest.mark.parametrize(("data", "arrays"), DAMAGED)
def test_what_is_no_answer_is_refused(data: Any, arrays: Sequence[Array]) -> None:
    with pytest.raises(BadFrame):
        unpack(data, arrays)
