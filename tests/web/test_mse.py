"""A stream as fragmented MP4 over a websocket of its own: for clients that say nothing, and for those that ask."""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

import framebus as fb
from framebus.core.frame import Packet
from framebus.core.publisher import Publisher
from framebus.sources import stamp
from framebus.testing.camera_pictures import encode
from framebus.web import fmp4, mse
from framebus.web.mse import LATE, Reel
from framebus.web.server import Server
from tests.waiting import until
from tests.web.conftest import PATIENCE_S, TOKEN, Serve, Watcher, get
from tests.web.test_coded_video import packets

av = pytest.importorskip("av")

GOP = 10
ASK = json.dumps({"type": "mse", "value": "avc1.640029,hvc1.1.6.L153.B0,mp4a.40.2"})
QUIET_S = 0.05


@pytest.fixture(scope="module")
def video() -> list[Packet]:
    return packets(encode(40, size="322x242", gop=GOP))


@pytest.fixture
def cam() -> Iterator[Publisher]:
    with fb.publish("shm://cam") as out:
        yield out


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients count as silent soon."""
    monkeypatch.setattr(mse, "SILENT_AFTER_S", QUIET_S)


def watching(server: Server, name: str = "cam") -> AbstractContextManager[ClientConnection]:
    return connect(
        f"ws://localhost:{server.port}/ws/stream/{name}",
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        max_size=None,
        compression=None,
    )


def shown(server: Server, out: Publisher, sent: Sequence[Packet]) -> None:
    """Publish them; returns once the page has them all."""
    wall = server.page.wall
    before = wall.shown["cam"].stats.frames if "cam" in wall.shown else 0
    for packet in sent:
        out.send(packet)
        before += 1
        until(lambda: "cam" in wall.shown and wall.shown["cam"].stats.frames == before)  # noqa: B023


def binaries(line: ClientConnection, count: int) -> list[bytes]:
    """The next messages, none of which is text."""
    found = [line.recv(timeout=PATIENCE_S) for _ in range(count)]
    assert all(isinstance(message, bytes) for message in found), found
    return [bytes(message) for message in found if isinstance(message, bytes)]


def told(line: ClientConnection) -> dict[str, str]:
    message = line.recv(timeout=PATIENCE_S)
    assert isinstance(message, str), message[:40]
    found: dict[str, str] = json.loads(message)
    return found


def kinds(messages: Sequence[bytes]) -> list[str]:
    return [box[4:8].decode() for message in messages for box in fmp4.boxes(message)]


def decoded(messages: Sequence[bytes]) -> list[tuple[int, float]]:
    """What a player sees: the number in the pixels of each picture, and when it is shown."""
    with av.open(io.BytesIO(b"".join(messages))) as container:
        stream: Any = container.streams.video[0]
        frames = list(container.decode(stream))
    found = [(stamp.read(frame.to_ndarray(format="gray")), round(float(frame.time), 3)) for frame in frames]
    return [(burnt[0], at) for burnt, at in found if burnt is not None]


def closed(line: ClientConnection) -> tuple[int, str]:
    """Listen until it is closed; code and reason."""
    with pytest.raises(ConnectionClosed) as end:
        deque(iter(partial(line.recv, timeout=PATIENCE_S), None))
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


@pytest.mark.usefixtures("quiet")
def test_who_says_nothing_gets_box_by_box_what_players_play(serve: Serve, cam: Publisher, video: list[Packet]) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with watching(server) as line:
        first = binaries(line, 4)
        shown(server, cam, video[1:5])
        more = binaries(line, 8)
    assert [len(fmp4.boxes(message)) for message in (*first, *more)] == [1] * 12
    assert kinds([*first, *more]) == ["ftyp", "moov", *["moof", "mdat"] * 5]
    assert [number for number, _ in decoded([*first, *more])] == [0, 1, 2, 3, 4]


def test_who_asks_is_told_the_type_before_anything_is_sent(serve: Serve, cam: Publisher, video: list[Packet]) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with watching(server) as line:
        line.send(ASK)
        answer = told(line)
        beginning, key = binaries(line, 2)
        shown(server, cam, video[1:3])
        more = binaries(line, 2)
    codec = json.loads(get(server, "/api/streams/cam")[1])["codec"]
    assert answer == {"type": "mse", "value": f'video/mp4; codecs="{codec}"'}
    assert [kinds([message]) for message in (beginning, key)] == [["ftyp", "moov"], ["moof", "mdat"]]
    assert decoded([beginning, key, *more]) == [
        (0, 0.0),
        (1, pytest.approx(0.001, abs=0.04)),
        (2, pytest.approx(0.04, abs=0.04)),
    ]


@pytest.mark.parametrize("codecs", ["", "avc1.42E01E", "hvc1.1.6.L153.B0, avc1.640029"])
def test_who_plays_h264_in_any_profile_or_names_no_codec_is_sent_it(
    serve: Serve, cam: Publisher, video: list[Packet], codecs: str
) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with watching(server) as line:
        line.send(json.dumps({"type": "mse", "value": codecs, "more": 1}))
        assert told(line)["type"] == "mse"


def test_what_is_not_spoken_or_not_played_is_said_and_may_be_asked_otherwise(
    serve: Serve, cam: Publisher, video: list[Packet]
) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with watching(server) as line:
        for word in ({"type": "webrtc/offer", "value": "v=0"}, {"type": "hls"}, {"type": "x" * 1000}):
            line.send(json.dumps(word))
            assert told(line) == {"type": "error", "value": f"{word['type'][:40]}: only mse is spoken here"}
        for codecs in ("hvc1.1.6.L153.B0,opus", 7, None, ["avc1.640029"]):
            line.send(json.dumps({"type": "mse", "value": codecs}))
            answer = told(line)
            assert answer["type"] == "error"
            assert answer["value"].startswith("mse: the stream is H.264")
        line.send(ASK)
        assert told(line)["type"] == "mse"
        assert kinds(binaries(line, 1)) == ["ftyp", "moov"]


@pytest.mark.usefixtures("quiet")
def test_a_word_that_comes_late_begins_anew(serve: Serve, cam: Publisher, video: list[Packet]) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:3])
    with watching(server) as line:
        assert kinds(binaries(line, 8)) == ["ftyp", "moov", *["moof", "mdat"] * 3]
        line.send(ASK)
        assert told(line)["type"] == "mse"
        assert decoded(binaries(line, 4)) == [(0, 0.0), (1, 0.001), (2, 0.002)]
        line.send(ASK)
        assert told(line)["type"] == "mse"
        assert kinds(binaries(line, 1)) == ["ftyp", "moov"]


def test_who_joins_is_at_the_newest_picture_at_once(serve: Serve, cam: Publisher, video: list[Packet]) -> None:
    """What has to be decoded before it takes a millisecond each."""
    server = serve("shm://cam")
    shown(server, cam, video[: GOP + 8])
    with watching(server) as line:
        line.send(ASK)
        told(line)
        messages = binaries(line, 9)
        shown(server, cam, video[GOP + 8 : GOP + 9])
        messages += binaries(line, 1)
    assert [number for number, _ in decoded(messages)] == list(range(GOP, GOP + 9))
    assert [fmp4.lasting(message) for message in messages[1:]] == [LATE] * 7 + [3600] * 2


def test_who_joins_a_group_that_is_too_large_to_be_sent_at_once_begins_with_the_next(
    serve: Serve, cam: Publisher, video: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mse, "MOST_AT_ONCE", sum(packet.nbytes for packet in video[:5]))
    server = serve("shm://cam")
    shown(server, cam, video[:8])
    with watching(server) as line:
        line.send(ASK)
        told(line)
        messages = binaries(line, 1)
        shown(server, cam, video[8 : GOP + 2])
        messages += binaries(line, 2)
    assert [number for number, _ in decoded(messages)] == [GOP, GOP + 1]


def test_many_words_do_not_pile_up(serve: Serve, cam: Publisher, video: list[Packet]) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with watching(server) as line:
        for _ in range(500):
            line.send(ASK)
        line.send(json.dumps({"type": "last"}))
        while "last" not in str(line.recv(timeout=PATIENCE_S)):
            pass
        assert len(server.page.wall.sights.of("cam")) == 1
    until(lambda: not server.page.wall.sights.of("cam"))


@pytest.mark.usefixtures("quiet")
def test_who_is_slow_goes_on_with_the_newest_group_of_pictures_and_costs_no_memory(
    serve: Serve, cam: Publisher, video: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.web.outbox.CODED_WAITING", 12)
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    large = [packet.replace(data=memoryview(bytes(packet.data) + filler(200_000))) for packet in video[1:]]
    with watching(server) as slow:
        (sight,) = soon(lambda: server.page.wall.sights.coded("cam"))
        until(lambda: sight.begun)
        for packet in large * 4:
            shown(server, cam, [packet])
            assert sight.lane.waiting <= 12 + 2  # what a joiner was sent at once counts besides
        assert sight.lane.left_out > 0
        messages: list[bytes] = []
        while sight.lane.waiting or len(messages) < 4:
            messages += binaries(slow, 1)
        shown(server, cam, [video[0]])
        while not (len(messages) % 2 == 0 and bytes(video[0].data)[-100:] in messages[-1]):
            messages += binaries(slow, 1)
    numbers = [number for number, _ in decoded(messages)]
    skipped = [(one, other) for one, other in pairwise(numbers) if other != (one % 39) + 1]
    assert skipped
    assert all(other % GOP == 0 for _, other in skipped)
    assert gaps(messages) == []


@pytest.mark.usefixtures("quiet")
def test_a_stream_that_comes_back_in_another_size_goes_on(
    serve: Serve, video: list[Packet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.web.condition.GONE_S", 0.05)
    monkeypatch.setattr("framebus.web.wall.TICK_S", 0.02)
    server = serve("shm://")
    with fb.publish("shm://cam", wait_for=1) as out:
        shown(server, out, video[:2])
        with watching(server) as line:
            first = binaries(line, 6)
            out.close()
            until(lambda: "cam" not in server.page.wall.shown)
            with fb.publish("shm://cam", wait_for=1) as again:
                shown(server, again, packets(encode(3, size="640x480")))
                more = binaries(line, 8)
    assert kinds([*first, *more]) == [
        *["ftyp", "moov", *["moof", "mdat"] * 2],
        *["ftyp", "moov", *["moof", "mdat"] * 3],
    ]
    assert gaps([*first, *more]) == []
    assert b"".join(more[:2]) != b"".join(first[:2])


def test_a_stream_that_is_none_is_refused_with_why(serve: Serve, cam: Publisher) -> None:
    server = serve("shm://cam")
    with watching(server, "nobody") as line:
        assert told(line) == {"type": "error", "value": "mse: there is no such stream: api/streams lists them"}
        assert closed(line) == (4004, "there is no such stream: api/streams lists them")


def test_pictures_are_refused_with_why(serve: Serve, cam: Publisher) -> None:
    server = serve("shm://cam")
    with watching(server) as early:
        early.send(ASK)
        soon(lambda: server.page.wall.sights.coded("cam"))
        cam.send(np.zeros((48, 64, 3), np.uint8))
        assert told(early)["value"] == "mse: this stream is pictures, and only H.264 is sent here: the page shows it"
        assert closed(early)[0] == 4015
    with watching(server) as line:
        assert closed(line)[0] == 4015


def test_h265_is_refused_with_why(serve: Serve, cam: Publisher) -> None:
    server = serve("shm://cam")
    shown(server, cam, packets(encode(1, codec="h265")))
    with watching(server) as line:
        assert "this stream is h265" in told(line)["value"]
        assert closed(line)[0] == 4015


@pytest.mark.parametrize("nonsense", ["", "{", "[]", b"\xff", '{"type": 7}', '{"type":' + "[" * 2000, '"mse"', "{}"])
def test_nonsense_is_sent_away(serve: Serve, cam: Publisher, nonsense: str | bytes) -> None:
    server = serve("shm://cam")
    with watching(server) as line:
        line.send(nonsense)
        code, reason = closed(line)
    assert code == 1008
    assert reason.startswith("a word that is none, ")
    assert get(server, "/health")[0] == 200


@pytest.mark.parametrize(
    "name",
    ["a%2Fb", "../../ws", "", "%2e%2e", "%00", "a%20b", "x" * 3000, "cam/", "cam%0d%0aX-Evil:1", "%F0%9F%8E%A5", "%ff"],
)
def test_hostile_names_are_refused(serve: Serve, cam: Publisher, name: str) -> None:
    server = serve("shm://cam")
    codes = []
    with suppress(InvalidStatus), watching(server, name) as line:
        codes.append(closed(line)[0])
    assert codes in ([], [4004])
    assert get(server, "/health")[0] == 200


def test_what_somebody_watches_is_counted_and_what_nobody_watches_any_more_is_not(
    serve: Serve, cam: Publisher, video: list[Packet]
) -> None:
    server = serve("shm://cam")
    shown(server, cam, video[:1])
    with Watcher(server) as page:
        with watching(server) as line:
            line.send(ASK)
            page.until(lambda: page.streams.get("cam", {}).get("watched") == 1)
        page.until(lambda: page.streams["cam"]["watched"] == 0)


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(1, 10**6), st.booleans(), st.booleans())))
def test_a_reel_has_no_gap_whatever_was_left_out(pictures: list[tuple[int, int, bool, bool]]) -> None:
    reel = Reel()
    made = [
        reel.add(fmp4.fragment(b"picture", number, at, duration, 0, key=key), late=late)
        for number, (at, duration, key, late) in enumerate(pictures)
    ]
    assert gaps(made) == []
    assert [fmp4.lasting(one) for one in made] == [LATE if late else duration for _, duration, _, late in pictures]


def gaps(messages: Sequence[bytes]) -> list[tuple[int, int]]:
    """Where a fragment does not begin when the one before ends, or the first at 0."""
    found, end = [], 0
    for box in (box for message in messages for box in fmp4.boxes(message)):
        if box[4:8] == b"moof":
            at = int.from_bytes(box[60:68], "big")
            found += [(end, at)] if at != end else []
            end = at + fmp4.lasting(box)
    return found


def filler(count: int) -> bytes:
    """A unit that says nothing (ITU-T H.264, 7.3.2.7), as cameras of constant rate send."""
    return b"\0\0\0\1\x0c" + b"\xff" * count + b"\x80"


def soon(found: Callable[[], list[Any]]) -> list[Any]:
    until(found)
    return found()
