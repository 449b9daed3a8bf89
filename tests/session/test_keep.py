"""K, what is kept: the newest of live streams, everything of finite ones, and what the reader says before both."""

from __future__ import annotations

import pytest

from tests.session.desk import Desk, frame, pair


@pytest.mark.parametrize(
    ("live", "keep", "expected"),
    [(True, None, "latest"), (False, None, "all"), (True, "all", "all"), (False, "latest", "latest")],
)
@pytest.mark.parametrize("hub", [False, True])
def test_the_publisher_says_what_it_is_and_the_reader_overrides(
    live: bool, keep: str | None, expected: str, hub: bool
) -> None:
    desk = Desk()
    if hub:
        reader = desk.reader(keep=keep)
        publisher = desk.publisher(calls=reader, live=live)
    else:
        publisher = desk.publisher(live=live)
        reader = desk.reader(publisher, keep=keep)
    reader.ask()
    publisher.send(*map(frame, range(10)))
    assert reader.welcome.keep == expected
    assert reader.read_all() == (list(range(10)) if expected == "all" else [0, 1, 9])


def test_a_frame_not_yet_sent_is_replaced_and_counted() -> None:
    _, publisher, reader = pair()
    publisher.send(*map(frame, range(5)))
    [group] = publisher.session.audience.groups.values()
    assert (group.owed, group.missed) == (1, 4)
    item = reader.read()
    while item is None:
        item = reader.read()
    assert (item.seq, item.missed) == (4, 4)


def test_a_slow_reader_always_sees_a_frame_that_was_new_when_it_asked_and_knows_what_it_missed() -> None:
    _, publisher, reader = pair(near=True)
    reader.ask()
    made, seen = 0, 0
    for _ in range(20):
        for _ in range(10):
            publisher.send(frame(made))
            made += 1
        reader.ask()
        item = reader.read()
        if item is not None:
            seen += 1 + item.missed
            assert item.seq + 1 == seen
            assert made - item.seq <= 20  # at most two of its own frame times old


def test_a_frame_accepted_by_send_reaches_a_ready_reader_without_another_send() -> None:
    _, publisher, reader = pair()
    publisher.send(frame(0))
    assert reader.arrived == []
    reader.ask()
    assert reader.arrived == [0]


def test_each_reader_has_its_own_newest_frame() -> None:
    desk = Desk()
    publisher = desk.publisher()
    fast, slow = desk.reader(publisher, "fast"), desk.reader(publisher, "slow")
    fast.ask()
    seen = []
    for seq in range(6):
        publisher.send(frame(seq))
        seen += fast.read_all()
    slow.ask()
    assert seen == list(range(6))
    assert slow.read_all() == [5]
    assert (fast.missed, slow.missed) == (0, 5)


def test_the_group_keeps_what_it_keeps_and_says_so_to_who_wants_otherwise() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "first", group="run", keep="all")
    second = desk.reader(publisher, "second", group="run", keep="latest")
    assert second.refusal is not None
    assert second.refusal.code == "request"
    assert "group 'run' is read with keep='all'" in second.refusal.message


def test_who_says_nothing_goes_with_the_group() -> None:
    desk = Desk()
    publisher = desk.publisher(live=True)
    desk.reader(publisher, "first", group="run", keep="all")
    second = desk.reader(publisher, "second", group="run")
    assert second.welcome.keep == "all"
    publisher.send(frame(0))
    assert second.session.feeds[second.session.calling.session].lossless  # type: ignore[union-attr]
