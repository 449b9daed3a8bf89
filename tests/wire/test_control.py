"""Control messages: the exact JSON of every op, what others may leave out, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Identity
from framebus.wire import control
from framebus.wire.control import (
    Credit,
    End,
    FrameRange,
    Hello,
    Message,
    Observe,
    Party,
    Ping,
    Refuse,
    Reply,
    Reset,
    StreamState,
    Welcome,
)
from tests.wire.arrivals import names, settle, spoiled

SESSION = "0123456789abcdef"
RANGE = FrameRange("door", "00000000000000ff", 3, 5)
STATE = StreamState(name="door", run="00000000000000ff", next=6, thinned=2)
S = b'"fb":1,"session":"0123456789abcdef"}'
DOOR = b'"streams":[{"name":"door","run":"00000000000000ff","next":6,"thinned":2}]'
GOLDEN: list[tuple[Message, bytes]] = [
    (
        Hello(session=SESSION, role="reader", want=("yard-*",), keep="all", group="run.h5", max_fps=10.0),
        b'{"op":"hello","role":"reader","want":["yard-*"],"keep":"all","group":"run.h5","max_fps":10.0,' + S,
    ),
    (
        Hello(session=SESSION, role="publisher", live=False, streams=(STATE,), party=Party(hostname="pi", pid=7)),
        b'{"op":"hello","role":"publisher","party":{"hostname":"pi","pid":7},"live":false,' + DOOR + b"," + S,
    ),
    (
        Welcome(session=SESSION, role="publisher", streams=(STATE,), resumed=True),
        b'{"op":"welcome","role":"publisher",' + DOOR + b',"resumed":true,' + S,
    ),
    (Refuse(code="rights", message="no"), b'{"op":"refuse","code":"rights","message":"no","fb":1}'),
    (
        Credit(session=SESSION, credit=9, frames=(RANGE,)),
        b'{"op":"credit","credit":9,"frames":[["door","00000000000000ff",3,5]],' + S,
    ),
    (Credit(credit=1, want="door"), b'{"op":"credit","credit":1,"want":"door","fb":1}'),
    (
        Reply(session=SESSION, frame=RANGE, data={"n": 1}),
        b'{"op":"reply","frame":["door","00000000000000ff",3,5],"data":{"n":1},' + S,
    ),
    (End(session=SESSION, streams=(STATE,)), b'{"op":"end",' + DOOR + b"," + S),
    (Ping(session=SESSION, answer=True), b'{"op":"ping","answer":true,' + S),
    (Reset(session=SESSION), b'{"op":"reset",' + S),
    (Observe(session=SESSION, status={"streams": []}), b'{"op":"observe","status":{"streams":[]},' + S),
]
OPS = {type(message) for message, _ in GOLDEN}


def test_there_are_golden_bytes_for_every_op() -> None:
    assert set(Message.__args__) == OPS


@pytest.mark.parametrize(("message", "data"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden(message: Message, data: bytes) -> None:
    assert control.encode(message) == data
    assert control.decode(data) == message
    assert control.decode(memoryview(data)) == message


def test_a_reader_in_ten_lines_of_any_language() -> None:
    message = control.decode(b'{"fb": 1, "op": "credit", "want": "door", "credit": 1}')
    assert message == Credit(want="door", credit=1)


def test_keys_of_later_versions_are_ignored() -> None:
    assert control.decode(b'{"fb":1,"op":"ping","later":[1,{"a":2}]}') == Ping()


def test_a_hello_of_another_version_can_be_answered() -> None:
    hello = control.decode(b'{"fb":2,"op":"hello","role":"reader","versions":[2,3]}')
    assert isinstance(hello, Hello)
    assert not control.speaks(hello.versions)
    pi, desk = Party(hostname="pi", command="python cam.py"), Party(hostname="desk", command="framebus pipe")
    assert control.conflict((2, 3), pi, desk) == (
        "protocol versions do not meet: python cam.py on pi speaks 2 to 3, framebus pipe on desk 1; "
        "upgrade framebus for framebus pipe on desk"
    )
    assert control.conflict((0, 0), pi, desk).endswith("upgrade framebus for python cam.py on pi")
    assert control.conflict((0, 0), Party(), desk).endswith("upgrade framebus for the side that connects")
    assert control.speaks((0, 1))
    assert control.speaks((1, 7))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not a framebus control message"),
        (b"GET / HTTP/1.1\r\n\r\n", "not a framebus control message"),
        (b"\xff\xfe", "not a framebus control message"),
        (b"null", "not a framebus control message"),
        (b'["ping"]', "not a framebus control message"),
        (b'{"fb":1}', "op"),
        (b'{"fb":1,"op":"dance"}', "dance"),
        (b'{"fb":1,"op":7}', "op"),
        (b'{"fb":"one","op":"ping"}', "fb"),
        (b'{"fb":2,"op":"ping"}', "protocol version 2: this side speaks 1"),
        (b'{"fb":1,"op":"hello"}', "role"),
        (b'{"fb":1,"op":"hello","role":"king"}', "king"),
        (b'{"fb":1,"op":"hello","role":"reader","keep":"some"}', "some"),
        (b'{"fb":1,"op":"hello","role":"reader","max_fps":NaN}', "not a framebus control message"),
        (b'{"fb":1,"op":"hello","role":"reader","max_fps":1e999}', "not a framebus control message"),
        (b'{"fb":1,"op":"hello","role":"reader","want":"door"}', "want"),
        (b'{"fb":1,"op":"hello","role":"reader","versions":[1]}', "versions"),
        (b'{"fb":1,"op":"credit"}', "credit"),
        (b'{"fb":1,"op":"credit","credit":1.5}', "credit"),
        (b'{"fb":1,"op":"credit","credit":true}', "credit"),
        (b'{"fb":1,"op":"credit","credit":1,"frames":[["door","ff",3]]}', "frames"),
        (b'{"fb":1,"op":"refuse","code":"mood","message":""}', "mood"),
        (b'{"fb":1,"op":"reply"}', "frame"),
        (b'{"op":"observe","fb":1,"status":' + b"[" * 60_000, "not a framebus control message"),
        (b'{"op":"ping","fb":1,"x":"' + b"x" * 65_536 + b'"}', "limit is 65536"),
        (b'{"fb":1,"op":"observe","status":[[[[[]]]]]}', "nested deeper"),
        (b'{"fb":1,"op":"reply","frame":["door","00000000000000ff",3,5],"data":[[[[{}]]]]}', "nested deeper"),
        (b'{"fb":1,"op":"reset","session":"../../etc/passwd"}', "session"),
        (b'{"fb":1,"op":"credit","credit":-1}', "credit"),
        (b'{"fb":1,"op":"credit","credit":9007199254740992}', "credit"),
        (b'{"fb":1,"op":"credit","credit":1,"want":"a b"}', "want"),
        (b'{"fb":1,"op":"credit","credit":1,"want":"*x"}', "want"),
        (b'{"fb":1,"op":"credit","credit":1,"frames":[["door","ff",3,5]]}', "frames"),
        (b'{"fb":1,"op":"credit","credit":1,"frames":[["door\\n","00000000000000ff",3,5]]}', "frames"),
        (b'{"fb":1,"op":"credit","credit":1,"frames":[["door","00000000000000ff",-3,5]]}', "frames"),
        (b'{"fb":1,"op":"hello","role":"reader","group":"a/b"}', "group"),
        (b'{"fb":1,"op":"hello","role":"reader","max_fps":-1}', "max_fps"),
        (b'{"fb":1,"op":"end","streams":[{"name":"door"}]}', "run"),
        (b'{"op":"ping","fb":1', "not a framebus control message"),
        (b'{"op":"ping","fb":1}{}', "not a framebus control message"),
        (b'{"op":"reset","fb":1,"session":"\xff"}', "not a framebus control message"),
        (b'{"op":"reset","fb":1,"session":"\\ud800"}', "not a framebus control message"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_refused(data: bytes, text: str) -> None:
    with pytest.raises(BadFrame, match=text):
        control.decode(data)


def test_ranges_name_their_frames() -> None:
    assert list(control.identities(RANGE)) == [Identity("door", 255, seq) for seq in (3, 4, 5)]


@pytest.mark.parametrize(
    "frames",
    [
        FrameRange("door", "ff", 5, 3),
        FrameRange("door", "ff", -1, 3),
        FrameRange("door", "ff", 0, control.MAX_RANGE),
        FrameRange("door", "ff", 0, 2**62),
        FrameRange("door", "", 0, 1),
        FrameRange("door", "-1", 0, 1),
        FrameRange("door", "door", 0, 1),
        FrameRange("door", "0" * 17, 0, 1),
    ],
)
def test_ranges_that_are_none(frames: FrameRange) -> None:
    with pytest.raises(BadFrame):
        list(control.identities(frames))


states = st.builds(
    StreamState,
    name=names,
    run=st.integers(0, 2**64 - 1).map("{:016x}".format),
    next=st.integers(0, 2**53 - 1),
    thinned=st.integers(0, 2**53 - 1),
    packets=st.booleans(),
)


@given(
    role=st.sampled_from(["publisher", "reader", "observer"]),
    keep=st.sampled_from([None, "latest", "all"]),
    want=st.lists(names | st.sampled_from(["", "*", "yard-*"]), max_size=3).map(tuple),
    streams=st.lists(states, max_size=3).map(tuple),
    max_fps=st.floats(0, 1000),
    kind=st.sampled_from([Hello, Welcome]),
)
def test_what_is_said_is_what_is_heard(kind: Any, **fields: Any) -> None:
    message = kind(**fields)
    assert control.decode(control.encode(message)) == message


@given(
    st.binary(max_size=200).map(lambda data: [data])
    | spoiled([[data] for _, data in GOLDEN])
    | st.dictionaries(
        st.sampled_from(["fb", "op", "credit", "want"]), st.sampled_from([1, "ping", "credit", None])
    ).map(lambda head: [msgspec.json.encode(head)])
)
def test_whatever_arrives_is_a_message_or_refused(parts: list[bytes]) -> None:
    for part in parts:
        message = settle(lambda part=part: control.decode(part))  # type: ignore[misc]
        if not isinstance(message, BadFrame):
            assert control.decode(control.encode(message)) == message
            for frames in getattr(message, "frames", ()):
                settle(lambda frames=frames: list(control.identities(frames)))  # type: ignore[misc]
