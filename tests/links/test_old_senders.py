"""One port for everyone: senders that are not framebus are taken as they are, beside those that are."""

from __future__ import annotations

import json
import pickle
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import framebus as fb
from framebus.core.addresses import Link, parse
from framebus.core.frame import Frame
from framebus.links.link import open_link
from framebus.links.receiving import LinkSource
from framebus.testing.children import PATIENCE_S
from framebus.wire import header
from framebus.wire.encodings import encode
from tests.conftest import StartChild

PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
HEAD = {"msg": "porch", "dtype": "uint8", "shape": [2, 4, 3]}
NETGEAR = {
    "terminate_flag": False,
    "compression": False,
    "message": None,
    "pattern": "1",
    "dtype": "uint8",
    "shape": [2, 4, 3],
}

IMAGEZMQ = """
import sys, numpy as np, imagezmq
with imagezmq.ImageSender(sys.argv[1]) as sender:
    for number in range(3):
        print(sender.send_image(sys.argv[2], np.full((4, 6, 3), number, np.uint8)))
    print(sender.send_jpg(sys.argv[2], open(sys.argv[3], "rb").read()))
"""
NETGEAR_SENDER = """
import logging, sys, numpy as np
logging.disable(logging.CRITICAL)
from vidgear.gears import NetGear
address, pattern, bidirectional = sys.argv[1], int(sys.argv[2]), len(sys.argv) > 3
sender = NetGear(address=address.partition(":")[0], port=address.partition(":")[2], pattern=pattern,
                 logging=False, jpeg_compression=False, **({"bidirectional_mode": True} if bidirectional else {}))
number = 0
while number < 3 or pattern == 2:  # a publisher's first frames are for nobody
    sender.send(np.full((4, 6, 3), number % 256, np.uint8), message={"number": number})
    number += 1
sender.close()
print("sent")
"""
RESTLESS = """
import sys, numpy as np, imagezmq
sender = imagezmq.ImageSender(sys.argv[1])
while True:
    sender.send_image(sys.argv[2], np.zeros((120, 160, 3), np.uint8))
"""
HUB_THAT_JUST_ENDS = """
import sys
from framebus import imagezmq
hub = imagezmq.ImageHub(sys.argv[1], timeout=60)
heard = set()
while len(heard) < 3:
    heard.add(hub.recv_image()[0])
    hub.send_reply(b"OK")
"""


@pytest.fixture
def hub() -> Iterator[LinkSource]:
    with _hub() as source:
        yield source


def _hub(address: str = "tcp://127.0.0.1:0", **options: Any) -> LinkSource:
    link = parse(address)
    assert isinstance(link, Link)
    return open_link(link, listen=True, timeout=60, **options)


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as made:
        yield made


def _next(source: LinkSource) -> Frame:
    """The next frame, done with."""
    item = source.read()
    assert isinstance(item, Frame)
    source.done(item)
    return item


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(fb.Frame.of(PICTURE), "jpeg").content.data)
    return path


class Asker:
    """A socket that sends and hears, never for long."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], kind: int, source: LinkSource) -> None:
        self.socket = context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 20_000)
        self.socket.setsockopt(zmq.SNDTIMEO, 20_000)
        self.socket.connect(source.where.rpartition("+")[2])

    def send(self, head: Any, payload: Any = PICTURE) -> None:
        self.socket.send_multipart([json.dumps(head).encode(), payload])

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


# the real packages ------------------------------------------------------------------------------------------


def test_imagezmq_senders_are_taken_as_they_are(hub: LinkSource, child: StartChild, jpeg: Path) -> None:
    process = child("-c", IMAGEZMQ, hub.where, "pi4 porch|jpg", jpeg)
    frames = [_next(hub) for _ in range(4)]
    assert [frame.stream for frame in frames] == ["pi4-porch"] * 4
    assert [frame.seq for frame in frames] == [0, 1, 2, 3]
    assert [int(frame.image[0, 0, 0]) for frame in frames[:3]] == [0, 1, 2]
    assert frames[0].meta["msg"] == "pi4 porch|jpg"
    assert bytes(frames[3].content.data) == jpeg.read_bytes()  # kept encoded until looked at
    assert process.succeed().split() == ["b'OK'"] * 4


@pytest.mark.parametrize("pattern", ["0", "1"])
@pytest.mark.parametrize("more", [[], ["bidirectional"]])
def test_netgear_senders_are_taken_as_they_are(
    hub: LinkSource, child: StartChild, pattern: str, more: list[str]
) -> None:
    process = child("-c", NETGEAR_SENDER, hub.where.removeprefix("tcp://"), pattern, *more)
    frames = [_next(hub) for _ in range(3)]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 1, 2]
    assert [frame.meta["msg"] for frame in frames] == [{"number": number} for number in range(3)]
    assert len({frame.stream for frame in frames}) == 1
    assert "sent" in process.succeed()


def test_netgear_publishers_are_subscribed_to(hub: LinkSource, child: StartChild) -> None:
    process = child("-c", NETGEAR_SENDER, hub.where.removeprefix("tcp://"), "2")
    assert _next(hub).shape == (4, 6, 3)
    process.kill()


def test_all_kinds_come_into_one_loop(hub: LinkSource, child: StartChild, jpeg: Path) -> None:
    child("-c", IMAGEZMQ, hub.where, "old", jpeg)
    child("-c", NETGEAR_SENDER, hub.where.removeprefix("tcp://"), "1")
    with fb.publish(f"{hub.where}/native", listen=False, wait_for=1) as native:
        native.send(PICTURE)
        seen: set[str] = set()
        while len(seen) < 3:
            seen.add(hub.read().stream)
    assert {"old", "native"} < seen  # the third is named after its machine


def test_a_framebus_sender_and_an_old_one_of_one_name_are_told_apart(
    hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    with fb.publish(f"{hub.where}/porch", listen=False, wait_for=1) as native, Asker(context, zmq.REQ, hub) as asker:
        native.send(PICTURE)
        assert _next(hub).stream == "porch"
        asker.send(HEAD)
        assert _next(hub).stream == "porch.127-0-0-1"


# what they send ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [zmq.REQ, zmq.DEALER, zmq.PUSH, zmq.PAIR])
def test_any_socket_that_connects_may_send(hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]], kind: int) -> None:
    with Asker(context, kind, hub) as asker:
        if kind == zmq.DEALER:  # as people do who cannot afford a REQ that is stuck
            asker.socket.send_multipart([b"", json.dumps(HEAD).encode(), PICTURE.tobytes()])
        else:
            asker.send(HEAD)
        assert np.array_equal(_next(hub).image, PICTURE)
        if kind == zmq.DEALER:
            assert asker.socket.recv_multipart() == [b"", b"OK"]
        elif kind != zmq.PUSH:
            assert asker.socket.recv_multipart() == [b"OK"]


def test_five_lines_in_any_language_send_a_framebus_frame(
    hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    frame = fb.Frame.of(PICTURE, stream="script", run=7, seq=41)
    head, *payload = header.encode(frame)
    with Asker(context, zmq.REQ, hub) as asker:
        asker.socket.send_multipart([head, *payload])
        assert _next(hub).identity == frame.identity
        assert asker.socket.recv() == b"OK"


def test_the_array_recipe_is_named_after_its_machine(hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with Asker(context, zmq.REQ, hub) as asker:
        asker.send({"dtype": "uint8", "shape": [2, 4, 3]})
        frame = hub.read()
    assert frame.stream
    assert "msg" not in frame.meta


def test_netgear_ends_are_answered(hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with Asker(context, zmq.REQ, hub) as asker:
        asker.send(NETGEAR)
        _next(hub)
        assert json.loads(asker.socket.recv())["data"] is None
        asker.socket.send(b'{"terminate_flag": true}')
        assert asker.socket.recv()


def test_pickles_are_read_only_where_they_are_asked_for_by_name(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    message = pickle.dumps(PICTURE)
    with _hub("pyzmq+tcp://127.0.0.1:0") as named, Asker(context, zmq.PUSH, named) as asker:
        asker.socket.send(message)
        assert np.array_equal(_next(named).image, PICTURE)
    with _hub() as plain, Asker(context, zmq.REQ, plain) as asker:
        asker.socket.send(message)
        assert b"refuse" in asker.socket.recv()
        assert plain.stats().rejected == 1


def test_an_address_of_one_dialect_takes_that_alone(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with _hub("netgear+tcp://127.0.0.1:0") as source, Asker(context, zmq.REQ, source) as asker:
        asker.send(HEAD)
        assert b"netgear" in asker.socket.recv()
        asker.send(NETGEAR)
        assert _next(source).shape == (2, 4, 3)


# misbehaviour -----------------------------------------------------------------------------------------------


def test_a_sender_that_hangs_stops_nobody(hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with Asker(context, zmq.REQ, hub) as stuck, Asker(context, zmq.REQ, hub) as other:
        stuck.send(HEAD | {"msg": "stuck"})
        assert _next(hub).stream == "stuck"  # it never takes its answer
        for _ in range(5):
            other.send(HEAD)
            assert _next(hub).stream == "porch"
            assert other.socket.recv() == b"OK"


def test_a_hub_that_closes_leaves_no_sender_without_an_answer(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with _hub() as hub, Asker(context, zmq.REQ, hub) as asker:
        asker.send(HEAD)
        assert select.select([hub], [], [], PATIENCE_S)[0], "nothing came"
        hub.close()
        assert asker.socket.recv() == b"OK"


@pytest.mark.parametrize("ending", ["close", "exit"])
def test_senders_that_never_rest_outlive_hub_after_hub(ending: str, child: StartChild) -> None:
    first = _hub()
    for number in range(3):
        child("-c", RESTLESS, first.where, f"pi-{number}")
    _hear_all(first)
    where = first.where
    first.close()
    for _ in range(5):
        if ending == "close":
            with _hub(where) as hub:
                _hear_all(hub)
        else:
            child("-c", HUB_THAT_JUST_ENDS, where).succeed()


def _hear_all(hub: LinkSource) -> None:
    heard: set[str] = set()
    while len(heard) < 3:
        heard.add(_next(hub).stream)


def test_by_hand_a_jpg_may_be_anything(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with _hub(answers=True) as hub, Asker(context, zmq.REQ, hub) as asker:
        asker.send({"msg": "sensor"}, b"21.5 degrees")
        assert _next(hub).data.tobytes() == b"21.5 degrees"


def test_answers_by_hand(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with _hub(answers=True) as hub, Asker(context, zmq.REQ, hub) as asker:
        asker.send(HEAD)
        hub.answer(hub.read(), b"brighter please")
        assert asker.socket.recv() == b"brighter please"
        asker.send(HEAD)
        hub.read()
        with pytest.raises(fb.Timeout):
            hub.read(timeout=0)  # whoever asks for the next frame is done with this one
        assert asker.socket.recv() == b"OK"


PARTS = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"", b"{}", b"null", json.dumps(HEAD).encode(), json.dumps(NETGEAR).encode()]),
        st.fixed_dictionaries(
            {},
            optional={
                "msg": st.one_of(st.none(), st.text(max_size=5), st.lists(st.integers(), max_size=2)),
                "dtype": st.sampled_from(["uint8", "object", "f16", 3]),
                "shape": st.sampled_from([[2, 4, 3], [-1], [2**62, 8], [], "x", [2, 12]]),
                "terminate_flag": st.sampled_from([True, False, None]),
                "compression": st.sampled_from([True, False, {"dct": 1}]),
                "fb": st.sampled_from([1, 2, "x"]),
                "op": st.sampled_from(["hello", "credit", "x"]),
            },
        ).map(lambda found: json.dumps(found).encode()),
        st.just(PICTURE.tobytes()),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(PARTS, min_size=1, max_size=4))
def test_whatever_a_requester_sends_it_is_answered_or_cut_off_and_others_go_on(
    messages: list[list[bytes]], hub: LinkSource, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    with Asker(context, zmq.REQ, hub) as hostile, Asker(context, zmq.REQ, hub) as good:
        hostile.socket.setsockopt(zmq.REQ_RELAXED, 1)
        for parts in messages:
            hostile.socket.send_multipart(parts)
        good.send(HEAD | {"msg": "good"})
        while _next(hub).stream != "good":
            pass
        assert good.socket.recv() == b"OK"
