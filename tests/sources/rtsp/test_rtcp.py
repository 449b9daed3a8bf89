"""Reports both ways."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.sources.rtsp import rtcp

SENDER = bytes.fromhex("80c80006 00000007 e8b7c7d880000000 0001f400 00000064 0000ffff".replace(" ", ""))
NAME = bytes.fromhex("81ca0003 00000007 0104 63616d31 0000".replace(" ", ""))
GOODBYE = bytes.fromhex("81cb000100000007")
UTC_NS = (0xE8B7C7D8 - 2_208_988_800) * 10**9 + 500_000_000


def test_a_sender_report_tells_both_clocks() -> None:
    assert rtcp.decode(memoryview(SENDER + NAME)) == [rtcp.SenderReport(7, UTC_NS, 128_000, 0xC7D88000)]


def test_a_goodbye() -> None:
    assert rtcp.decode(memoryview(SENDER + NAME + GOODBYE))[1] == rtcp.Goodbye(7)


def test_the_bytes_of_a_receiver_report() -> None:
    seen = rtcp.Seen(
        7, lost_share=64, lost=3, highest=0x10005, jitter=9, last_report=0xC7D88000, since_last_report_s=1.5
    )
    assert rtcp.receiver_report(1, "cam1", seen).hex(" ", 4) == (
        "81c90007 00000001 00000007 40000003 00010005 00000009 c7d88000 00018000 81ca0003 00000001 01046361 6d310000"
    )


def test_before_anything_came_a_report_is_empty() -> None:
    assert rtcp.receiver_report(1, "cam1", None).hex(" ", 4).startswith("80c90001 00000001 81ca")


def test_our_camera_says_what_we_read() -> None:
    data = rtcp.sender_report(7, "camera", UTC_NS, 128_000, 100, 65535)
    assert data.startswith(SENDER)
    assert rtcp.decode(memoryview(rtcp.goodbye(7))) == [rtcp.Goodbye(7)]


@given(st.integers(10**9, 2**62 - 1).filter(lambda ns: ns < (2**32 - 2_208_988_800) * 10**9))
def test_times_read_back(utc_ns: int) -> None:
    assert rtcp.unix_ns(rtcp.ntp_of(utc_ns)) == utc_ns


def test_a_camera_that_counts_from_its_start_does_not_know_the_time() -> None:
    assert rtcp.unix_ns(5 << 32) == 0


@pytest.mark.parametrize("data", [b"\x80", SENDER[:20], b"\x00" * 8, SENDER + b"\x80\xc8\xff\xff"])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        rtcp.decode(memoryview(data))


@given(st.binary(max_size=80))
def test_rubbish_is_refused_or_read(data: bytes) -> None:
    with suppress(BadFrame):
        rtcp.decode(memoryview(data))


@given(st.binary(max_size=80), st.integers(0, 31), st.integers(200, 204))
def test_whatever_a_report_holds(body: bytes, count: int, kind: int) -> None:
    body = body[: len(body) // 4 * 4]
    rtcp.decode(memoryview(bytes((0x80 | count, kind)) + (len(body) // 4).to_bytes(2, "big") + body))
