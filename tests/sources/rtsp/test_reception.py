"""One track: media and reports in, pictures and reports out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.sources.rtsp import rtcp
from framebus.sources.rtsp.reception import Counts, Reception
from framebus.sources.rtsp.sdp import Track
from framebus.sources.rtsp.sequence import PATIENCE_NS, WINDOW

from .packets import KEY, PART, PPS, SPS, fu, rtp, stap

SETS = stap(SPS, PPS)
STEP = 3600
HOUR_NS = 1_700_000_000 * 10**9
TRACK = Track("h264", 96, 90_000, "")


@pytest.fixture
def reception() -> Reception:
    return Reception(TRACK, window=0)


def arrive(reception: Reception, *packets: bytes, mono_ns: int = 0) -> list[bool]:
    """Whether the pictures that come out are key frames."""
    for packet in packets:
        reception.rtp(memoryview(packet), mono_ns, mono_ns)
    given = [packet.key for packet in reception.units.ready]
    reception.units.ready.clear()
    return given


def key(number: int, timestamp: int, source: int = 7) -> list[bytes]:
    return [rtp(number, timestamp, SETS, source=source), rtp(number + 1, timestamp, KEY, True, source)]


def test_a_picture_of_several_packets(reception: Reception) -> None:
    pieces = fu(KEY)
    packets = [rtp(i, 0, payload, i == len(pieces)) for i, payload in enumerate((SETS, *pieces))]
    assert arrive(reception, *packets) == [True]
    assert reception.counts() == Counts(packets=len(packets), lost=0, bad=0, pictures=1, dropped=0)


def test_other_payloads_are_left_out_and_counted(reception: Reception) -> None:
    other = bytearray(rtp(1, 0, KEY, True))
    other[1] = 97 | 0x80
    assert arrive(reception, bytes(other), b"short", b"\x8f\x60" + bytes(10)) == []
    assert reception.counts() == Counts(packets=0, lost=0, bad=3, pictures=0, dropped=0)


def test_packets_with_nothing_in_them_have_numbers_too(reception: Reception) -> None:
    assert arrive(reception, *key(1, 0), rtp(3, 0, b""), rtp(4, STEP, PART, True)) == [True, False]
    assert reception.counts().lost == 0


def test_another_sender_is_followed_from_a_key_frame_on(reception: Reception) -> None:
    arrive(reception, *key(1, 0))
    assert arrive(reception, rtp(1003, STEP, PART, True, source=8), *key(1004, 2 * STEP, source=8)) == [True]
    assert arrive(reception, rtp(1006, 3 * STEP, PART, True, source=8)) == [False]
    assert reception.counts().lost == 0


def test_what_overtook_is_put_back_and_what_never_comes_is_lost() -> None:
    reception = Reception(TRACK, window=WINDOW)
    first, second = key(1, 0)
    assert arrive(reception, first, rtp(3, STEP, PART, True), second) == [True, False]
    assert arrive(reception, rtp(5, 2 * STEP, PART, True), mono_ns=1_000) == []
    assert reception.due_s == pytest.approx((1_000 + PATIENCE_NS) * 1e-9)
    reception.tick(1_000 + PATIENCE_NS)
    assert reception.counts() == Counts(packets=4, lost=1, bad=0, pictures=2, dropped=1)


def test_what_is_held_back_of_one_sender_is_not_another_s() -> None:
    reception = Reception(TRACK, window=WINDOW)
    arrive(reception, *key(1, 0), rtp(4, STEP, PART, True))
    assert arrive(reception, *key(3, 0, source=8), rtp(5, STEP, PART, True, source=8)) == [True, False]
    assert reception.due_s is None


def test_a_sender_s_report_gives_pictures_the_camera_s_time(reception: Reception) -> None:
    report = rtcp.sender_report(7, "cam", HOUR_NS, 0xFFFFFFFF - STEP + 1, 0, 0)
    reception.rtcp(memoryview(report), 0)
    for packet in key(1, 0):
        reception.rtp(memoryview(packet), 5, 5)
    assert dict(reception.units.ready[0].meta) == {"camera_ns": HOUR_NS + 40_000_000}


def test_a_report_on_somebody_else_says_nothing(reception: Reception) -> None:
    arrive(reception, *key(1, 0))
    reception.rtcp(memoryview(rtcp.sender_report(8, "cam", HOUR_NS, 0, 0, 0) + rtcp.goodbye(8)), 0)
    assert not reception.said_goodbye
    reception.rtp(memoryview(rtp(3, STEP, PART, True)), 5, 5)
    assert dict(reception.units.ready[0].meta) == {}


def test_a_goodbye_is_heard(reception: Reception) -> None:
    arrive(reception, *key(1, 0))
    reception.rtcp(memoryview(rtcp.goodbye(7)), 0)
    assert reception.said_goodbye


def test_what_is_no_report_is_counted(reception: Reception) -> None:
    reception.rtcp(memoryview(b"rubbish"), 0)
    assert reception.counts().bad == 1


def test_our_report_says_what_was_lost(reception: Reception) -> None:
    assert reception.report(1, 0) == rtcp.receiver_report(1, "framebus-00000001", None)
    arrive(reception, *key(0xFFFE, 0))
    reception.rtcp(memoryview(rtcp.sender_report(7, "cam", HOUR_NS, 0, 0, 0)), 0)
    arrive(reception, rtp(2, STEP, PART), rtp(3, STEP, PART, True))
    seen = rtcp.Seen(7, 256 * 2 // 6, 2, 3, 0, rtcp.ntp_of(HOUR_NS) >> 16 & 0xFFFFFFFF, 2.0)
    expected = rtcp.receiver_report(1, "framebus-00000001", seen)
    made = reception.report(1, 2_000_000_000)
    jitter = slice(20, 24)
    assert made[: jitter.start] + made[jitter.stop :] == expected[: jitter.start] + expected[jitter.stop :]
    assert reception.report(1, 2_000_000_000)[12] == 0  # nothing lost since the last one


def test_uneven_arrival_is_reported(reception: Reception) -> None:
    for number in range(20):
        late_ns = 20_000_000 * (number % 2)
        arrive(reception, rtp(number, number * STEP, PART, True), mono_ns=number * 40_000_000 + late_ns)
    jitter = int.from_bytes(reception.report(1, 0)[20:24], "big")
    assert 900 < jitter <= 1800  # of 90,000 a second


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans(), st.booleans()), max_size=20))
def test_rubbish_does_no_harm(packets: list[tuple[bytes, bool, bool]]) -> None:
    reception = Reception(TRACK, window=WINDOW)
    for number, (data, report, framed) in enumerate(packets):
        if report:
            reception.rtcp(memoryview(data), number)
        else:
            reception.rtp(memoryview(rtp(number, number, data) if framed else data), number, number)
        reception.tick(number)
        with suppress(StopIteration):
            next(iter(reception.units.ready))
    reception.report(1, 0)
