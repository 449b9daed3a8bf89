"""The small machines between cameras and pages: conditions, seconds, names, handing over."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import numpy as np
import pytest

from framebus.core import clock, state
from framebus.core.contracts import SourceState
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.web import handover, metrics, page_messages, places, token
from framebus.web.condition import Condition, gone, judge
from framebus.web.handover import Handover
from framebus.web.last_minutes import KEPT_S, History
from framebus.web.page_names import Naming
from framebus.web.server import Listening
from framebus.web.shown import Shown


def condition(
    camera: SourceState | None = None,
    ended: str | None = None,
    silent_s: float | None = 0.1,
    published: bool | None = None,
) -> Condition:
    return judge(camera=camera, ended=ended, silent_s=silent_s, interval_s=0.04, published=published)


def test_the_first_reason_that_applies_is_told() -> None:
    away = SourceState(state="away", why="no route")
    assert condition() == ("live", "")
    assert condition(silent_s=None) == ("waiting", "no picture yet")
    assert condition(silent_s=5).state == "stalled"
    assert condition(silent_s=5, published=False) == ("away", "nobody publishes it any more")
    assert condition(away) == ("away", "no route")
    assert condition(away, ended="") == ("ended", "the source ended")
    assert condition(ended="disk gone") == ("away", "disk gone")
    assert condition(SourceState(state="live")).state == "live"


def test_slow_streams_are_given_their_time() -> None:
    def state(silent_s: float) -> str:
        return judge(camera=None, ended=None, silent_s=silent_s, interval_s=10, published=None).state

    assert [state(25), state(31)] == ["live", "stalled"]


def test_only_streams_that_nobody_publishes_any_more_vanish() -> None:
    assert gone(silent_s=10, published=False, watchable=True)
    assert not gone(silent_s=10, published=False, watchable=False)
    assert not gone(silent_s=10, published=True, watchable=True)
    assert not gone(silent_s=1, published=False, watchable=True)


def test_history_keeps_five_minutes() -> None:
    history = History()
    history.note(2, 100, 0.01)
    history.note(0, 50, 0.03)
    history.note(0, 50, math.nan)
    assert history.tick(1000) == (1000, 3, 2, 200, 30.0)
    assert history.tick(1001) == (1001, 0, 0, 0, None)
    for second in range(2 * KEPT_S):
        history.tick(second)
    assert len(history.seconds) == KEPT_S


def test_two_places_with_one_stream_are_told_apart() -> None:
    naming = Naming()
    assert [naming.name_of(0, "cam"), naming.name_of(1, "cam"), naming.name_of(2, "cam")] == ["cam", "cam.2", "cam.3"]
    assert [naming.name_of(1, "cam"), naming.name_of(0, "cam")] == ["cam.2", "cam"]


def frame(stream: str, seq: int) -> Frame:
    return Frame.of(np.zeros((2, 2), np.uint8), stream=stream, seq=seq)


def packet(seq: int, *, key: bool = False) -> Packet:
    return Packet(data=memoryview(b"x"), codec="h264", key=key, pts=seq, dts=seq, stream="cam", seq=seq)


def test_of_frames_the_newest_is_handed_over_and_of_packets_all() -> None:
    rung: list[int] = []
    hands = Handover(lambda: rung.append(1))
    for seq in range(3):
        hands.give(frame("a", seq))
        hands.give(packet(seq, key=seq == 0))
    assert [(item.stream, item.seq) for item, _ in hands.take()] == [("cam", 0), ("cam", 1), ("cam", 2), ("a", 2)]
    assert rung == [1]
    assert hands.skipped == 2
    assert hands.take() == []


def test_packets_that_nobody_awaits_ring_no_bell_until_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "ENOUGH_PACKETS", 4)
    rung, awaited = list[int](), set[str]()
    hands = Handover(lambda: rung.append(1), awaited.__contains__)
    for seq in range(3):
        hands.give(packet(seq))
    assert not rung
    hands.give(packet(3))
    assert rung == [1]
    hands.give(packet(4))
    assert rung == [1], "once, until somebody comes"
    assert [item.seq for item, _ in hands.take()] == [0, 1, 2, 3, 4]


def test_the_bell_rings_for_what_is_awaited_and_for_whole_pictures() -> None:
    rung, awaited = list[int](), {"cam"}
    hands = Handover(lambda: rung.append(1), awaited.__contains__)
    hands.give(packet(0))
    hands.take()
    awaited.clear()
    hands.give(packet(1))
    assert rung == [1]
    hands.give(frame("a", 0))
    assert rung == [1, 1]
    assert [item.seq for item, _ in hands.take()] == [1, 0]


def test_what_waited_is_no_older_for_it() -> None:
    shown = Shown("cam", "")
    taken_ns = clock.mono_ns()
    packet_then = packet(0, key=True).replace(
        captured_ns=clock.utc_ns() - 3 * 10**9, captured_mono_ns=taken_ns - 3 * 10**9, clock=clock.boot_id()
    )
    shown.take_packet(packet_then, taken_ns - 2 * 10**9)
    assert shown.history.tick(0).age_ms == pytest.approx(1000, abs=1)
    assert shown.silent_s(taken_ns) == pytest.approx(2)


def test_a_loop_that_stands_still_loses_packets_up_to_a_key_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "MOST_PACKETS", 3)
    hands = Handover(lambda: None)
    for seq in range(5):
        hands.give(packet(seq))
    assert [item.seq for item, _ in hands.take()] == [0, 1, 2]
    hands.give(packet(5))
    hands.give(packet(6, key=True))
    assert [(item.seq, item.missed) for item, _ in hands.take()] == [(6, 3)]


def test_what_waits_for_a_loop_that_stands_still_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "MOST_BYTES", 10)
    hands = Handover(lambda: None)
    large = packet(0, key=True).replace(data=memoryview(bytes(11)))
    for seq in range(3):
        hands.give(large.replace(seq=seq))
    assert [item.seq for item, _ in hands.take()] == [0]
    for seq in range(3, 20):
        hands.give(packet(seq, key=True))
    assert sum(item.nbytes for item, _ in hands.take()) == 10
    hands.give(packet(20, key=True))
    assert [(item.seq, item.missed) for item, _ in hands.take()] == [(20, 7)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("rtsp://cam/main", {"packets": True, "keep": "all"}),
        ("tcp://desk:5555/door", {"packets": True, "keep": "latest"}),
        ("shm://", {"packets": True, "keep": "latest"}),
        ("clip.mp4", {"speed": 1.0}),
        ("synthetic:", {}),
    ],
)
def test_places_are_opened_as_their_kind_needs(place: str, expected: dict[str, object]) -> None:
    assert places.wishes_of(place, {}) == expected


def test_options_of_pixels_have_the_camera_decoded_here() -> None:
    assert places.wishes_of("rtsp://cam/main", {"resize": "50%"}) == {"resize": "50%"}
    with pytest.raises(OptionError, match="none of"):
        places.refuse_unknown(["synthetic:"], {"transport": "udp"})


@pytest.mark.parametrize(
    ("text", "host", "port", "local"),
    [
        ("localhost:8080", "localhost", 8080, True),
        (":8080", "", 8080, False),
        ("*:1", "", 1, False),
        ("[::1]:80", "::1", 80, True),
        ("192.168.1.2:80", "192.168.1.2", 80, False),
    ],
)
def test_where_the_page_listens_is_read_off_the_text(text: str, host: str, port: int, local: bool) -> None:
    listening = Listening.parse(text)
    assert (listening.host, listening.port, listening.local) == (host, port, local)


@pytest.mark.parametrize("text", ["8080", "localhost", ":99999", "a b:80", ""])
def test_what_is_no_place_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(OptionError, match="localhost:8080"):
        Listening.parse(text)


def test_the_token_lasts_and_nobody_else_can_read_it(tmp_path: object) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    first = token.lasting(environ)
    assert token.lasting(environ) == first == token.checked(first)
    path = state.folder(environ) / "web-token"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert token.lasting(environ) != first
    path.write_bytes(b"\xff\xfe damaged")
    assert token.checked(token.lasting(environ)) != first
    with pytest.raises(OptionError, match="16 to 128"):
        token.checked("short")


def test_a_token_that_cannot_be_kept_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Unavailable, match="No space left"):
        token.lasting({"XDG_STATE_HOME": str(tmp_path)})
    assert list((tmp_path / "framebus").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"op": "delete"}',
        '{"op": "watch", "tile": 70000, "stream": "a"}',
        '{"op": "watch", "tile": 1, "stream": "a", "how": "flash"}',
        '{"op": "watch", "tile": 1, "stream": "a", "more": 1}',
        '{"op": "seen", "tiles": {"x": 1}}',
        "x" * 70_000,
        b"\xff\xfe",
    ],
)
def test_what_no_page_says_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadFrame, match="a wish"):
        page_messages.parse(text)


def test_wishes_are_read() -> None:
    assert page_messages.parse('{"op":"seen","tiles":{"1":5}}') == page_messages.Seen({1: 5})
    watch = page_messages.parse('{"op":"watch","tile":1,"stream":"a","look":{"low":1,"high":2}}')
    assert isinstance(watch, page_messages.Watch)
    assert watch.look == page_messages.Look(low=1, high=2)


def test_metrics_escape_what_could_end_a_label() -> None:
    stream = {"name": 'a"\n\\', "frames": 1, "missed": 0, "rate": 2.5, "bits": 3, "reconnects": 0, "watched": 0}
    told = {"streams": [stream | {"age_ms": None, "state": "live"}], "viewers": 2}
    lines = metrics.text(told, 7).splitlines()
    assert 'framebus_frames_total{stream="a\\"\\n\\\\"} 1' in lines
    assert "framebus_viewers 2" in lines
    assert not any(line.startswith(("framebus_age_seconds{", "framebus_recording{")) for line in lines)


@pytest.mark.parametrize(
    ("recording", "expected"), [(None, 0), ({"state": "recording"}, 1), ({"state": "failed", "why": "disk full"}, 0)]
)
def test_metrics_tell_what_is_recorded(recording: dict[str, str] | None, expected: int) -> None:
    stream = {"name": "a", "frames": 1, "missed": 0, "rate": 2.5, "bits": 3, "reconnects": 0, "watched": 0}
    told = {"streams": [stream | {"age_ms": None, "state": "live", "recording": recording}], "viewers": 2}
    assert f'framebus_recording{{stream="a"}} {expected}' in metrics.text(told, 7).splitlines()
