"""Pictures are given out with their last packet, whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.sources.rtsp import access_units, parameter_sets
from framebus.sources.rtsp.access_units import AccessUnits, MediaClock
from framebus.sources.rtsp.h264 import H264

from .packets import (
    AUD,
    KEY,
    LATER_KEY_SLICE,
    LATER_SLICE,
    OTHER_SPS,
    PART,
    PPS,
    SEI,
    SPS,
    annexb,
    feed,
    fu,
    stap,
)

SETS = stap(SPS, PPS)
STEP = 3600


@pytest.fixture
def units() -> AccessUnits:
    return AccessUnits(H264(), 90_000)


def test_the_marker_gives_the_picture_out_before_the_next_begins(units: AccessUnits) -> None:
    (packet,) = feed(units, 0, [AUD, SETS, SEI, *fu(KEY)])
    assert packet.data == annexb(AUD, SPS, PPS, SEI, KEY)
    assert packet.data.readonly
    assert (packet.key, packet.codec, packet.config, packet.pts, packet.missed) == (
        True,
        "h264",
        annexb(SPS, PPS),
        0,
        0,
    )
    assert (packet.stream, packet.run, packet.seq) == ("", 0, 0)


def test_a_picture_is_as_old_as_its_first_byte(units: AccessUnits) -> None:
    units.add(memoryview(SETS), 0, False, 1_000, 10)
    units.add(memoryview(KEY), 0, True, 2_000, 20)
    assert (units.ready[0].captured_ns, units.ready[0].captured_mono_ns) == (1_000, 10)


def test_pictures_before_the_first_key_frame_are_left_out_and_not_missed(units: AccessUnits) -> None:
    assert feed(units, 0, [PART]) == feed(units, STEP, [PART]) == []
    (packet,) = feed(units, 2 * STEP, [SETS, KEY])
    assert packet.missed == units.dropped == 0
    assert packet.pts == 0


def test_times_are_counted_in_nanoseconds_from_the_first(units: AccessUnits) -> None:
    feed(units, 0xFFFFFFFF, [SETS, KEY])
    assert [packet.pts for packet in feed(units, STEP - 1, [PART])] == [40_000_000]


def test_without_marker_the_next_timestamp_gives_it_out(units: AccessUnits) -> None:
    assert feed(units, 0, [SETS, KEY], marker=False) == []
    (packet,) = feed(units, STEP, [PART], marker=False)
    assert packet.data == annexb(SPS, PPS, KEY)


def test_parameter_sets_alone_belong_to_the_next_picture(units: AccessUnits) -> None:
    assert feed(units, 0, [SPS]) == feed(units, 0, [PPS]) == []
    (packet,) = feed(units, STEP, [KEY])
    assert packet.data == annexb(SPS, PPS, KEY)


def test_sets_of_the_description_are_the_first_configuration() -> None:
    units = AccessUnits(H264(), 90_000, [SPS, PPS, SEI])
    (packet,) = feed(units, 0, [KEY])
    assert packet.config == annexb(SPS, PPS)


def test_new_parameter_sets_are_the_new_configuration(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    (packet,) = feed(units, STEP, [OTHER_SPS, PPS, KEY])
    assert packet.config == units.config == annexb(OTHER_SPS, PPS)
    (packet,) = feed(units, 2 * STEP, [PART])
    assert packet.config == annexb(OTHER_SPS, PPS)


def test_too_many_parameter_sets_are_not_taken(units: AccessUnits) -> None:
    long = SPS + bytes(parameter_sets.MAX_BYTES)
    assert feed(units, 0, [long, PPS, KEY]) == []
    assert units.config == b""


def test_after_a_loss_nothing_comes_before_a_key_frame(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    units.lost()
    assert feed(units, STEP, [PART]) == feed(units, 2 * STEP, [PART]) == []
    (packet,) = feed(units, 3 * STEP, [SETS, KEY])
    assert packet.key
    assert packet.missed == units.dropped == 2
    assert feed(units, 4 * STEP, [PART])[0].missed == 0


def test_a_picture_with_a_hole_is_not_given_out(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    pieces = fu(KEY)
    feed(units, STEP, [SETS, *pieces[:2]], marker=False)
    units.lost()
    assert feed(units, STEP, pieces[3:]) == []
    assert feed(units, 2 * STEP, [PART]) == []
    assert feed(units, 3 * STEP, [SETS, KEY])[0].missed == 2


def test_a_key_frame_whose_beginning_may_be_missing_is_not_given_out(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    units.lost()
    assert feed(units, STEP, [KEY]) == []
    assert len(feed(units, 2 * STEP, [SETS, KEY])) == 1


def test_a_key_frame_of_who_sends_nothing_before_it_is_whole_with_its_slices() -> None:
    units = AccessUnits(H264(), 90_000, [SPS, PPS])
    feed(units, 0, fu(KEY))
    units.lost()
    assert len(feed(units, STEP, fu(KEY))) == 1


def test_before_the_first_key_frame_nobody_knows_what_comes_with_one() -> None:
    units = AccessUnits(H264(), 90_000, [SPS, PPS])
    units.lost()
    assert feed(units, 0, fu(KEY)) == []
    assert len(feed(units, STEP, fu(KEY))) == 1


def test_a_key_frame_right_after_a_loss_is_given_out_when_it_is_whole(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    feed(units, STEP, [PART], marker=False)
    units.lost()
    assert len(feed(units, 2 * STEP, [SETS, KEY])) == 1
    assert units.dropped == 1


def test_pictures_lost_as_a_whole_are_one_at_least(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    units.lost()
    (packet,) = feed(units, 2 * STEP, [SETS, KEY])
    assert (packet.missed, units.dropped) == (1, 0)
    assert feed(units, 3 * STEP, [PART])[0].missed == 0


def test_the_end_of_a_picture_may_be_what_is_lost(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    feed(units, STEP, [PART], marker=False)
    units.lost()
    assert feed(units, 2 * STEP, [PART]) == []


def test_damaged_payloads_cost_the_pictures_up_to_a_key_frame(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    assert feed(units, STEP, [b"\x1f rubbish"]) == feed(units, 2 * STEP, [PART]) == []
    assert len(feed(units, 3 * STEP, [SETS, KEY])) == 1


def test_a_unit_without_end_is_damage(units: AccessUnits) -> None:
    feed(units, 0, [SETS, KEY])
    assert feed(units, STEP, fu(PART)[:-1]) == []
    assert feed(units, 2 * STEP, [PART]) == []


def test_several_slices_are_one_picture(units: AccessUnits) -> None:
    (packet,) = feed(units, 0, [SETS, KEY, LATER_KEY_SLICE])
    assert packet.data == annexb(SPS, PPS, KEY, LATER_KEY_SLICE)


def test_who_marks_every_slice_is_seen_through(units: AccessUnits) -> None:
    for payload in (SETS, KEY, LATER_KEY_SLICE):
        units.add(memoryview(payload), 0, True, 0, 0)
    units.ready.clear()  # the first one came too early
    for number, first in enumerate((PART, KEY, PART), 1):
        for payload in (*([SPS, PPS] if first is KEY else []), first, LATER_SLICE):
            units.add(memoryview(payload), number * STEP, True, 0, 0)
    assert [packet.data for packet in units.ready] == [annexb(SPS, PPS, KEY, LATER_SLICE)]


def test_an_endless_picture_is_dropped(units: AccessUnits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_units, "MAX_BYTES", 1_000)
    feed(units, 0, [SETS, KEY])
    assert feed(units, STEP, [KEY] * 50) == []
    assert len(feed(units, 2 * STEP, [SETS, KEY])) == 1


@given(st.lists(st.integers(-(1 << 20), 1 << 20), max_size=20), st.integers(0, (1 << 32) - 1))
def test_the_clock_goes_on_where_it_wraps(steps: list[int], start: int) -> None:
    clock, ticks = MediaClock(1_000_000_000), 0
    assert clock.ns(start) == 0
    for step in steps:
        ticks += step
        assert clock.ns((start + ticks) % (1 << 32)) == ticks


PICTURES = st.lists(st.sampled_from(["key", "part"]), min_size=1, max_size=12)


@given(PICTURES, st.booleans(), st.sets(st.integers(0, 60)), st.booleans())
def test_whatever_is_lost_what_comes_out_was_sent_whole_and_can_be_decoded(
    kinds: list[str], sets_inside: bool, losses: set[int], marker: bool
) -> None:
    """Each picture that is given out is one that was sent, and all it builds on was given out before."""
    units = AccessUnits(H264(), 90_000, [SPS, PPS])
    sent: dict[int, bytes] = {}
    place = 0
    for number, kind in enumerate(kinds):
        body = [KEY[:1], PART[:1]][kind == "part"] + bytes((0x88, number)) + bytes(40)
        with_sets = sets_inside and kind == "key"
        whole = [SPS, PPS, body] if with_sets else [body]
        sent[number * 40_000_000] = annexb(*whole)
        pieces = [*([SETS] if with_sets else []), *fu(body)]
        for index, payload in enumerate(pieces):
            place += 1
            if place in losses:
                units.lost()
            else:
                units.add(memoryview(payload), number * STEP, marker and index == len(pieces) - 1, 0, 0)
    first = None
    last = -1
    for packet in units.ready:
        number = next(n for n, data in sent.items() if data == packet.data) // 40_000_000
        first = number if first is None else first
        assert packet.pts == (number - first) * 40_000_000
        assert packet.key or number == last + 1
        last = number


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.integers(0, 3), st.booleans(), st.booleans())))
def test_rubbish_does_no_harm(payloads: list[tuple[bytes, int, bool, bool]]) -> None:
    units = AccessUnits(H264(), 90_000)
    for payload, timestamp, marker, lost in payloads:
        if lost:
            units.lost()
        units.add(memoryview(payload), timestamp, marker, 0, 0)
