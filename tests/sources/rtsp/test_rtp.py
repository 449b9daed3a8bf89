"""Packets of RTP: what is in them, and their order."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.sources.rtsp import rtp
from framebus.sources.rtsp.sequence import PATIENCE_NS, WINDOW, Sequence

from .packets import rtp as packet


class Order:
    """A sequence that writes down what it does."""

    def __init__(self, window: int = WINDOW) -> None:
        self.seen: list[object] = []
        self.sequence: Sequence[int] = Sequence(window, self.seen.append, lambda count: self.seen.append(f"-{count}"))

    def add(self, *numbers: int, now_ns: int = 0) -> list[object]:
        for number in numbers:
            if self.sequence.passes(number & 0xFFFF):
                self.seen.append(number & 0xFFFF)
            else:
                self.sequence.add(number & 0xFFFF, number & 0xFFFF, now_ns)
        return self.seen


def test_a_plain_packet() -> None:
    assert bytes(rtp.payload(memoryview(packet(1, 2, b"picture")))) == b"picture"


def test_contributors_extension_and_padding_are_left_out() -> None:
    head = bytes((0x80 | 0x20 | 0x10 | 2,)) + packet(1, 2, b"")[1:]
    data = head + bytes(8) + bytes.fromhex("bede0001aabbccdd") + b"picture" + b"\0\0\3"
    assert bytes(rtp.payload(memoryview(data))) == b"picture"


@pytest.mark.parametrize("data", [b"", b"\x40" * 12, b"\x8f" + bytes(11), b"\xa0" + bytes(10) + b"\xff", b"\xa0" * 4])
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        rtp.payload(memoryview(data))


def test_packets_in_order_pass() -> None:
    assert Order().add(65534, 65535, 0, 1) == [65534, 65535, 0, 1]


def test_packets_that_were_overtaken_are_put_back() -> None:
    assert Order().add(65534, 1, 0, 65535, 2) == [65534, 65535, 0, 1, 2]


def test_a_packet_that_comes_twice_or_too_late_is_left_out() -> None:
    assert Order(window=0).add(5, 6, 6, 5, 8, 7, 9) == [5, 6, "-1", 8, 9]


def test_on_a_connection_a_gap_is_a_loss_at_once() -> None:
    assert Order(window=0).add(5, 9) == [5, "-3", 9]


def test_what_is_missing_is_given_up_when_too_many_wait() -> None:
    order = Order(window=3)
    assert order.add(0, 2, 3, 4) == [0]
    assert order.add(5) == [0, "-1", 2, 3, 4, 5]


def test_what_is_missing_is_given_up_after_a_while() -> None:
    order = Order()
    order.add(0, 2, now_ns=10)
    assert order.add(3, now_ns=11 + PATIENCE_NS) == [0, "-1", 2, 3]


def test_what_is_missing_is_given_up_though_nothing_more_comes() -> None:
    order = Order()
    due = [order.sequence.due_ns]
    order.add(0, 2, now_ns=10)
    due.append(order.sequence.due_ns)
    order.sequence.tick(9 + PATIENCE_NS)
    assert order.seen == [0]
    order.sequence.tick(10 + PATIENCE_NS)
    assert order.seen == [0, "-1", 2]
    assert [*due, order.sequence.due_ns] == [None, 10 + PATIENCE_NS, None]


def test_two_gaps_are_two_losses() -> None:
    assert Order(window=1).add(0, 2, 4, 6, 7) == [0, "-1", 2, "-1", 4, "-1", 6, 7]


def test_a_sender_that_begins_anew_is_followed() -> None:
    assert Order().add(5, 40_000, 40_001) == [5, "-1", 40_000, 40_001]


@given(st.integers(0, 65535), st.permutations(range(20)))
def test_any_order_within_the_window_is_put_right(start: int, order: list[int]) -> None:
    assert Order().add(start - 1, *(start + place for place in order))[1:] == [(start + i) & 0xFFFF for i in range(20)]


@given(st.lists(st.integers(0, 80), max_size=60), st.integers(0, 6))
def test_numbers_never_go_back_and_every_gap_is_told(numbers: list[int], window: int) -> None:
    seen = Order(window).add(0, *numbers)
    delivered = [(place, item) for place, item in enumerate(seen) if isinstance(item, int)]
    for (at, before), (then, after) in pairwise(delivered):
        assert after > before
        assert seen[at + 1 : then] == ([f"-{after - before - 1}"] if after > before + 1 else [])


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 10**9)), max_size=40))
def test_wild_numbers_do_no_harm(packets: list[tuple[int, int]]) -> None:
    order = Order()
    for number, now_ns in packets:
        order.add(number, now_ns=now_ns)
    assert len(order.sequence._held) <= WINDOW


@given(st.binary(max_size=64))
def test_rubbish_is_refused_or_some_part_of_it(data: bytes) -> None:
    with suppress(BadFrame):
        assert bytes(rtp.payload(memoryview(data))) in data
