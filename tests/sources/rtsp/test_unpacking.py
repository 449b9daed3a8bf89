"""NAL units out of payloads, for both codecs."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.sources.rtsp.h264 import H264
from framebus.sources.rtsp.h265 import H265
from framebus.sources.rtsp.partial_unit import MAX_SETS, Picture, Unpacker
from framebus.testing.camera_rtp import MTU, payloads, split

from .packets import AUD, KEY, LATER_SLICE, PART, PPS, SEI, SPS, annexb, fu, stap

VPS5, SPS5, PPS5, AUD5 = (bytes.fromhex(text) for text in ("40010c", "420101", "4401c1", "460150"))
KEY5 = bytes.fromhex("2601af") + bytes(50)
PART5 = bytes.fromhex("0201d0") + bytes(30)
LATER5 = bytes.fromhex("020150") + bytes(30)
CRA5 = bytes.fromhex("2a01af") + bytes(30)


def unpacked(unpacker: Unpacker, *parts: bytes) -> Picture:
    picture = Picture()
    for part in parts:
        unpacker.add(memoryview(part), picture)
    return picture


def test_single_units_are_kept_as_they_are() -> None:
    picture = unpacked(H264(), AUD, SPS, PPS, SEI, KEY)
    assert picture.data == annexb(AUD, SPS, PPS, SEI, KEY)
    assert (picture.key, picture.coded, picture.whole) == (True, True, True)
    assert picture.sets == [(7, SPS), (8, PPS)]


def test_several_units_in_one_payload() -> None:
    assert unpacked(H264(), stap(SPS, PPS), KEY).data == annexb(SPS, PPS, KEY)


def test_one_unit_in_several_payloads() -> None:
    picture = unpacked(H264(), *fu(KEY))
    assert picture.data == annexb(KEY)
    assert picture.key
    assert not picture.open


def test_parameter_sets_in_pieces_are_parameter_sets() -> None:
    long = SPS + bytes(range(1, 40))
    assert unpacked(H264(), *fu(long), PPS).sets == [(7, long), (8, PPS)]


def test_other_pictures_are_no_key_frames() -> None:
    assert not unpacked(H264(), PART).key
    assert not unpacked(H265(), PART5).key


def test_a_recovery_point_is_as_good_as_a_key_frame() -> None:
    assert unpacked(H264(), bytes.fromhex("060601c4"), PART).key


def test_a_later_slice_is_told_from_the_first() -> None:
    assert not unpacked(H264(), LATER_SLICE).whole
    assert unpacked(H264(), PART, LATER_SLICE).whole
    assert not unpacked(H265(), LATER5).whole
    assert unpacked(H265(), PART5, LATER5).whole


def test_h265_in_all_its_forms() -> None:
    together = bytes((48 << 1, 1)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in (VPS5, SPS5, PPS5))
    pieces = [
        bytes((49 << 1, 1, flags | 19)) + KEY5[2:][at : at + 20] for at, flags in ((0, 0x80), (20, 0), (40, 0x40))
    ]
    picture = unpacked(H265(), AUD5, together, *pieces)
    assert picture.data == annexb(AUD5, VPS5, SPS5, PPS5, KEY5)
    assert picture.sets == [(32, VPS5), (33, SPS5), (34, PPS5)]
    assert picture.key
    assert unpacked(H265(), CRA5).key


def test_the_layer_of_a_unit_in_pieces_is_kept() -> None:
    unit = bytes.fromhex("2709af") + bytes(40)  # layer 33
    pieces = [bytes((49 << 1 | 1, 9, flags | 19)) + unit[2:][at : at + 21] for at, flags in ((0, 0x80), (21, 0x40))]
    assert unpacked(H265(), *pieces).data == annexb(unit)


@pytest.mark.parametrize(
    "parts",
    [
        [fu(KEY)[1]],  # no beginning
        [fu(KEY)[0], fu(KEY)[0]],  # no end
        [fu(KEY)[0], PART],  # another inside
        [b"\x7c\x85"],  # nothing in it
        [b"\x1d\0\0abc"],  # FU-B
        [b"\x19\0\0abc"],  # STAP-B
        [b"\x00abc"],
        [b"\x85abc"],  # marked as damaged
        [stap(SPS, PPS)[:-1]],
        [b"\x78\0\0\0\0"],
        [SPS] * (MAX_SETS + 1),
    ],
)
def test_damaged_h264_is_noticed(parts: list[bytes]) -> None:
    with pytest.raises(BadFrame):
        unpacked(H264(), *parts)


@pytest.mark.parametrize(
    "parts",
    [
        [b"\x62\x01\x13abc"],  # a piece without beginning
        [b"\x62\x01\x93abc", KEY5],  # no end
        [b"\x62\x01\x93"],
        [b"\x60\x01\0\x01a"],
        [b"\x64\x01abc"],  # PACI
        [b"\x26"],
        [b"\xa6\x01abc"],
    ],
)
def test_damaged_h265_is_noticed(parts: list[bytes]) -> None:
    with pytest.raises(BadFrame):
        unpacked(H265(), *parts)


@pytest.mark.parametrize("payload", [SPS, AUD, stap(SPS, PPS), fu(SPS + bytes(40))[0]])
def test_where_a_picture_surely_begins(payload: bytes) -> None:
    assert H264().begins(memoryview(payload), sets_inside=True)


@pytest.mark.parametrize("payload", [PPS, SEI, KEY, PART, fu(KEY)[0], fu(KEY)[1], fu(SPS + bytes(40))[1], b"\x78\0"])
def test_where_something_may_be_missing(payload: bytes) -> None:
    assert not H264().begins(memoryview(payload), sets_inside=True)


def test_a_first_slice_begins_a_picture_of_who_sends_nothing_before_it() -> None:
    assert H264().begins(memoryview(KEY), sets_inside=False)
    assert H264().begins(memoryview(fu(KEY)[0]), sets_inside=False)
    assert not H264().begins(memoryview(LATER_SLICE), sets_inside=False)
    assert H265().begins(memoryview(KEY5), sets_inside=False)
    assert H265().begins(memoryview(VPS5), sets_inside=True)
    assert not H265().begins(memoryview(KEY5), sets_inside=True)
    assert not H265().begins(memoryview(LATER5), sets_inside=False)


UNITS = {
    "h264": st.tuples(st.sampled_from([1, 5, 6, 7, 8, 9]), st.integers(1, 4000)),
    "h265": st.tuples(st.sampled_from([1, 19, 32, 33, 34, 35, 39]), st.integers(2, 4000)),
}
UNPACKERS: dict[str, type[H264] | type[H265]] = {"h264": H264, "h265": H265}


@given(
    st.sampled_from(["h264", "h265"]).flatmap(
        lambda codec: st.tuples(st.just(codec), st.lists(UNITS[codec], max_size=8))
    )
)
def test_what_the_camera_packs_is_unpacked(picture: tuple[str, list[tuple[int, int]]]) -> None:
    codec, kinds = picture
    heads = [bytes((kind,)) if codec == "h264" else bytes((kind << 1, 1)) for kind, _ in kinds]
    units = [head + b"\x80" * size for head, (_, size) in zip(heads, kinds, strict=True)]
    packed = payloads(codec, units)
    assert all(len(payload) <= MTU for payload in packed)
    assert split(bytes(unpacked(UNPACKERS[codec](), *packed).data)) == units


@given(st.sampled_from([H264, H265]), st.lists(st.binary(min_size=1, max_size=40), max_size=6))
def test_rubbish_is_refused_or_taken(kind: type[H264] | type[H265], parts: list[bytes]) -> None:
    with suppress(BadFrame):
        unpacked(kind(), *parts)
    for part in parts:
        kind().begins(memoryview(part), sets_inside=False)
        kind().kind_of_set(part)
