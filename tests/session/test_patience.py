"""P, patience: a budget of bytes for what is owed, and who decides what happens when it is used up."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from framebus.core.frame import Frame
from framebus.session.rules import ANONYMOUS_PATIENCE_S
from tests.session.desk import Desk, Speaker, frame, pair

BUDGET = 1000


def fill(publisher: Speaker, count: int, first: int = 0, **more: Any) -> list[str | None]:
    """Send frames of 100 bytes, each unless somebody is in the way."""
    return [publisher.try_send(frame(seq, **more)) for seq in range(first, first + count)]


def test_what_is_owed_is_retained_until_acknowledged_and_not_longer() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET)
    reader = desk.reader(publisher, keep="all")
    fill(publisher, 5)
    assert publisher.retained == 500
    assert publisher.done == []
    reader.read_all()
    assert publisher.retained == 0
    assert publisher.done == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("rules", "stops"),
    [
        ({"live": False}, True),
        ({"live": False, "when_full": "skip"}, False),
        ({"live": True}, False),
        ({"live": True, "when_full": "wait"}, True),
    ],
)
def test_whether_a_reader_may_stop_the_publisher_is_the_publishers_decision(rules: dict[str, Any], stops: bool) -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, **rules)
    desk.reader(publisher, keep="all", group="slow")
    blocked = fill(publisher, 30)
    assert blocked == ([None] * 10 + ["slow"] * 20 if stops else [None] * 30)
    assert publisher.retained == BUDGET


def test_groups_named_in_wait_for_may_stop_a_live_publisher_others_get_a_gap() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, wait_for_groups=("file",))
    desk.reader(publisher, "one", group="file")
    other = desk.reader(publisher, "two", group="other")
    assert fill(publisher, 12)[-2:] == ["file", "file"]
    groups = publisher.session.audience.groups
    assert groups["file"].missed == 0
    assert publisher.session.audience.owing() == ["file"]
    assert other.welcome.keep == "latest"


def test_a_skipped_group_gets_a_counted_gap_and_the_oldest_unsent_frames_go_first() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, when_full="skip")
    slow = desk.reader(publisher, "slow", keep="all", group="slow")
    fill(publisher, 30)
    items = slow.read_items()
    assert [item.seq for item in items] == [*range(8), 28, 29]
    assert items[8].missed == 20
    assert publisher.session.audience.groups["slow"].missed == 20
    assert slow.missed == 20


def test_others_go_on_while_one_is_skipped() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, when_full="skip")
    slow = desk.reader(publisher, "slow", keep="all", group="slow")
    fast = desk.reader(publisher, "fast", keep="all", group="fast")
    viewer = desk.reader(publisher, "viewer", keep="latest")
    viewer.ask()
    seen: list[int] = []
    for seq in range(30):
        fill(publisher, 1, first=seq)
        seen += fast.read_all()
        viewer.read_all()
    assert seen == list(range(30))
    assert (fast.missed, viewer.missed) == (0, 0)
    assert slow.read_all()[:8] == list(range(8))


def test_a_group_that_may_not_stop_the_publisher_makes_room_before_one_that_may_stops_it() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, wait_for_groups=("file",))
    file = desk.reader(publisher, "one", group="file", window_frames=1)
    desk.reader(publisher, "two", keep="all", group="other", window_frames=1)
    seen: list[int] = []
    for seq in range(30):
        assert fill(publisher, 1, first=seq) == [None]
        seen += file.read_all()
    assert seen == list(range(30))
    assert publisher.session.audience.groups["other"].missed > 0


def test_a_stopper_never_loses_a_frame_whatever_others_hold() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, wait_for_groups=("file",))
    file = desk.reader(publisher, "one", group="file")
    desk.reader(publisher, "two", keep="all", group="other")
    seen, seq = [], 0
    for _ in range(40):
        if publisher.try_send(frame(seq)) is None:
            seq += 1
        item = file.read()
        seen += [item.seq] if item else []
    seen += file.read_all()
    assert seen == list(range(seq))
    assert publisher.session.audience.groups["file"].missed == 0


def test_a_frame_that_no_lossless_group_wants_is_in_nobodys_way() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False, retain_bytes=BUDGET)
    desk.reader(publisher, "one", group="file", want=("left",))
    viewer = desk.reader(publisher, "two", keep="latest", want=("right",))
    viewer.ask()
    assert fill(publisher, 11, stream="left")[-1] == "file"
    assert fill(publisher, 3, stream="right") == [None] * 3
    assert viewer.read_all() == [0, 1, 2]


@pytest.mark.parametrize("nbytes", [1, 100, 999, 1000, 1001, 5000])
@pytest.mark.parametrize("readers", [1, 3])
def test_no_more_is_retained_than_the_budget_and_one_frame_of_each_group(nbytes: int, readers: int) -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, when_full="skip")
    seats = [desk.reader(publisher, f"reader{n}", keep="all") for n in range(readers)]
    for seq in range(50):
        fill(publisher, 1, first=seq, nbytes=nbytes)
        groups = [group for group in publisher.session.audience.groups.values() if group.owed]
        assert publisher.retained <= BUDGET + len(groups) * nbytes
        seats[seq % readers].read()


def test_a_frame_larger_than_the_budget_travels_alone() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False, retain_bytes=BUDGET)
    reader = desk.reader(publisher, group="file")
    assert publisher.try_send(frame(0, nbytes=5000)) is None
    assert publisher.try_send(frame(1, nbytes=5000)) == "file"
    reader.read_all()
    assert publisher.try_send(frame(1, nbytes=5000)) is None


@pytest.mark.parametrize("reader_stays", [True, False])
def test_frames_that_were_given_up_are_really_gone(reader_stays: bool) -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=BUDGET, when_full="skip")
    reader = desk.reader(publisher, keep="all", group="slow", window_frames=2)
    reader.heard.clear()
    if not reader_stays:
        reader.kill()
    alive: list[weakref.ref[Frame]] = []
    for seq in range(100):
        item = frame(seq)
        alive.append(weakref.ref(item))
        publisher.session.audience.blocked_by(item.nbytes, item.stream)
        publisher.session.offer(item, desk.now)
        del item
    publisher.session.out.clear()
    gc.collect()
    assert sum(reference() is not None for reference in alive) <= 10


def test_a_reader_that_is_away_is_like_a_slow_one() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False, retain_bytes=BUDGET)
    reader = desk.reader(publisher, group="file")
    reader.kill()
    assert fill(publisher, 11)[-1] == "file"
    again = desk.reader(publisher, "again", group="file")
    assert again.read_all() == list(range(10))


def test_an_anonymous_reader_is_resumed_after_a_break() -> None:
    desk, publisher, reader = pair(keep="all")
    reader.cut(down_s=5.0)
    fill(publisher, 3)
    desk.wait(6)
    assert reader.welcome.resumed
    assert reader.read_all() == [0, 1, 2]


@pytest.mark.parametrize("patience", [3.0, float("inf")])
def test_and_forgotten_after_patience_its_frames_released_and_counted(patience: float) -> None:
    desk = Desk()
    publisher = desk.publisher(patience_s=patience)
    reader = desk.reader(publisher, keep="all")
    reader.cut()
    fill(publisher, 3)
    [group] = publisher.session.audience.groups.values()
    desk.wait(min(patience, ANONYMOUS_PATIENCE_S) - 0.1)
    assert publisher.retained == 300
    desk.wait(0.2)
    assert publisher.retained == 0
    assert group.missed == 3
    assert publisher.session.idle
    reader.connect()
    fill(publisher, 1, first=3)
    [item] = reader.read_items()
    assert (item.seq, item.missed) == (3, 3)


def test_an_anonymous_reader_that_leaves_is_forgotten_at_once() -> None:
    desk, publisher, reader = pair(keep="all")
    fill(publisher, 3)
    reader.session.leave()
    desk.settle()
    assert publisher.retained == 0
    assert publisher.session.idle


def test_a_named_group_is_not_forgotten() -> None:
    desk, publisher, reader = pair(keep="all", group="file")
    fill(publisher, 3)
    reader.session.leave()
    desk.wait(1000)
    assert publisher.retained == 300
