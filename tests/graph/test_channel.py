"""What nodes and their parent say to each other arrives whole, in order, and never makes anybody wait."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.graph.channel import (
    MAX_WAITING_BYTES,
    Change,
    Channel,
    Done,
    Failed,
    Figures,
    Look,
    News,
    Ready,
    Stop,
    Wish,
    added,
)
from framebus.graph.plans import Capture, Stream

SOME: list[News] = [
    Ready(),
    Ready(links={"admin": "http://localhost:8080/"}),
    Figures(state="away", why="no route", rate=2.5, frames=7, streams={"gate": Figures(age_s=0.25)}),
    Failed(why="no disk", hopeless=True),
    Done(),
]


class Ends:
    """Both ends."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.parent, self.node = Channel(ours, "news"), Channel(theirs, "wishes")

    def close(self) -> None:
        self.parent.close()
        self.node.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.close()


def test_news_arrive_in_order(ends: Ends) -> None:
    for news in SOME:
        ends.node.send(news)
    assert ends.parent.received() == SOME
    assert ends.parent.received() == []


def test_wishes_arrive_in_order(ends: Ends) -> None:
    wishes: list[Wish] = [Change(Capture({"gate": Stream(source="synthetic:", options={"fps": 3})})), Stop()]
    for wish in wishes:
        ends.parent.send(wish)
    assert ends.node.received() == wishes


def test_what_the_page_is_to_show_arrives_as_it_was(ends: Ends) -> None:
    ends.parent.send(Look(msgspec.Raw(b'{"file":"yard.toml","parts":[]}')))
    assert [bytes(look.system) for look in ends.node.received()] == [b'{"file":"yard.toml","parts":[]}']


def test_what_was_read_before_is_not_lost() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs, "wishes", b'{"type":"stop"}\n{"type":')
        ours.send(b'"stop"}\n')
        assert channel.received() == [Stop(), Stop()]


def test_what_is_no_message_is_left_out(ends: Ends) -> None:
    for line in (b"", b"hello", b'{"type":"stop"}', b'{"type":"figures","frames":"many"}', b"\xff"):
        ends.node.send_line(line)
    ends.node.send(Done())
    assert ends.parent.received() == [Done()]


@given(st.lists(st.integers(1, 40), max_size=30))
def test_pieces_of_any_size_are_put_together(sizes: list[int]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs, "news")
        data = b'{"type":"done"}\n{"type":"ready"}\n' * 5
        got: list[News] = []
        for size in sizes:
            ours.send(data[:size])
            data = data[size:]
            got += channel.received()
        ours.send(data)
        got += channel.received()
        assert got == [Done(), Ready()] * 5


def test_nobody_waits_for_a_reader_that_does_not_read(ends: Ends) -> None:
    big = Figures(why="x" * 100_000)
    for _ in range(100):
        ends.node.send(big)
    ends.node.send(Done())
    assert 0 < len(ends.node._outgoing) < MAX_WAITING_BYTES + 200_000
    got: list[News] = []
    while ends.node.waiting:
        got += ends.parent.received()
        ends.node.flush()
    got += ends.parent.received()
    assert got[-1] == Done()
    assert 10 < len(got) < 100


def test_the_end_of_the_other_side_is_noticed(ends: Ends) -> None:
    ends.node.send(Done())
    ends.node.close()
    assert ends.parent.received() == [Done()]
    ends.parent.send(Stop())
    assert (ends.parent.ended, ends.parent.waiting) == (True, False)


def test_sums_go_on_over_a_restart() -> None:
    before = Figures(frames=10, missed=2, streams={"gate": Figures(frames=10), "gone": Figures(frames=3)})
    now = Figures(rate=3.0, frames=1, missed=1, streams={"gate": Figures(frames=1)})
    assert added(before, now) == Figures(rate=3.0, frames=11, missed=3, streams={"gate": Figures(frames=11)})
    assert added(before, Figures()).streams == before.streams
