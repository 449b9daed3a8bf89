"""Telling messages apart, and the envelopes of ROUTERs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.wire import control, header
from framebus.wire.dialects import Kind, imagezmq, netgear, pyzmq, recognise, split_envelope, workers
from framebus.wire.encodings import encode
from framebus.wire.layout import Buffer
from tests.wire.arrivals import json_values, picture, spoiled

FRAME = Frame.of(picture(8, 8, 3), stream="porch", meta={"msg": "porch|x"})
HELLO = control.encode(control.Hello(role="reader"))
MESSAGES: list[tuple[Kind, list[Buffer]]] = [
    (Kind.DATA, header.encode(FRAME)),
    (Kind.DATA, header.encode(encode(FRAME, "jpeg"))),
    (Kind.CONTROL, [HELLO]),
    (Kind.CONTROL, [b'{"fb":1,"op":"credit","want":"door","credit":1}']),
    (Kind.CONTROL, [b'{"fb":2,"op":"hello"}', b"arrays"]),
    (Kind.IMAGEZMQ, imagezmq.encode(FRAME)),
    (Kind.IMAGEZMQ, imagezmq.encode(encode(FRAME, "jpeg"))),
    (Kind.IMAGEZMQ, [b'{"msg":null}', b""]),
    (Kind.IMAGEZMQ, pyzmq.encode_recipe(FRAME)),
    (Kind.NETGEAR, netgear.encode(FRAME)),
    (Kind.NETGEAR, netgear.encode(encode(FRAME, "jpeg"), port="5566")),
    (Kind.NETGEAR, netgear.encode_end()),
    (Kind.UNKNOWN, pyzmq.encode(FRAME)),
    (Kind.UNKNOWN, workers.encode(workers.Quit())),
    (Kind.UNKNOWN, []),
    (Kind.UNKNOWN, [b"GET / HTTP/1.1\r\n"]),
    (Kind.UNKNOWN, [b"", b"", b""]),
    (Kind.UNKNOWN, [b"{}", b""]),
    (Kind.UNKNOWN, [b'{"fb":1}']),
    (Kind.UNKNOWN, [b'{"msg":"x"}']),
    (Kind.UNKNOWN, [b'{"msg":"x"}', b"", b""]),
    (Kind.UNKNOWN, [b'{"dtype":"uint8"}', b""]),
    (Kind.UNKNOWN, [b'{"fb":1,"x":"' + b"x" * 65536 + b'"}', b""]),
]


@pytest.mark.parametrize(("kind", "parts"), MESSAGES)
def test_each_message_is_told_from_the_others(kind: Kind, parts: list[Buffer]) -> None:
    assert recognise(parts) is kind
    assert imagezmq.recognise(parts) == (kind is Kind.IMAGEZMQ)
    assert netgear.recognise(parts) == (kind is Kind.NETGEAR)


@pytest.mark.parametrize(
    ("front", "behind"),
    [
        ([b"\0id"], [HELLO]),
        ([b"\0id"], [b"{}", b""]),
        ([b"\0id", b""], [b"{}", b"pixels"]),
        ([b"\0id", b"\0\0\0\1", b""], [b"{}", b"pixels"]),
        ([b"\0id", b"\0\0\0\1", b""], [b'{"terminate_flag": true}']),
        ([b"\0id", b""], [b"req", b""]),
        ([b"\0id", b""], []),
        ([b"\0id"], []),
        ([b"\0id"], [b"abcd", b""]),
    ],
)
def test_the_envelope_is_what_the_answer_repeats(front: list[bytes], behind: list[bytes]) -> None:
    assert split_envelope([*front, *behind]) == (front, behind)


def test_no_parts_have_no_envelope() -> None:
    assert split_envelope([]) == ([], [])


@given(
    spoiled([[bytes(part) for part in parts] for _, parts in MESSAGES])
    | st.lists(st.binary(max_size=50), max_size=4)
    | json_values.map(lambda value: [repr(value).encode(), b""])
)
def test_anything_is_recognised_without_an_error(parts: list[bytes]) -> None:
    assert recognise(parts) in Kind
    assert isinstance(pyzmq.recognise(parts), bool)
    assert isinstance(workers.recognise(parts), bool)
    envelope, message = split_envelope(parts)
    assert [*envelope, *message] == parts
