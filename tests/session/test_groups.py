"""Groups: one name, one stream of frames, spread over its members, each frame to one of them."""

from __future__ import annotations

from framebus.session.rules import MAX_GROUPS
from framebus.wire.control import Hello
from tests.session.desk import Desk, frame


def test_frames_are_spread_each_to_one_member() -> None:
    desk = Desk()
    publisher = desk.publisher()
    readers = [desk.reader(publisher, f"worker{n}", keep="all", group="work", window_frames=2) for n in range(3)]
    publisher.send(*map(frame, range(6)))
    assert [len(reader.arrived) for reader in readers] == [2, 2, 2]
    publisher.send(*map(frame, range(6, 30)))
    seen = []
    while publisher.retained:
        for reader in readers:
            item = reader.read()
            seen += [item.seq] if item else []
    assert sorted(seen) == list(range(30))
    assert [reader.missed for reader in readers] == [0, 0, 0]


def test_the_member_with_more_credit_gets_the_next() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "slow", keep="all", group="work", window_frames=1)
    fast = desk.reader(publisher, "fast", keep="all", group="work", window_frames=8)
    publisher.send(*map(frame, range(7)))
    assert len(fast.arrived) == 7


def test_a_dead_members_frames_go_to_another_in_order() -> None:
    desk = Desk()
    publisher = desk.publisher()
    dead = desk.reader(publisher, "dead", keep="all", group="work", window_frames=3)
    publisher.send(*map(frame, range(5)))
    other = desk.reader(publisher, "other", keep="all", group="work")
    dead.take()
    dead.kill()
    assert other.arrived == [3, 4, 0, 1, 2]
    assert sorted(other.read_all()) == [0, 1, 2, 3, 4]
    assert other.missed == 0


def test_newest_only_members_share_the_newest_frames() -> None:
    desk = Desk()
    publisher = desk.publisher()
    readers = [desk.reader(publisher, f"view{n}", keep="latest", group="view") for n in range(2)]
    for reader in readers:
        reader.ask()
    publisher.send(*map(frame, range(4)))
    seen = sorted(readers[0].arrived + readers[1].arrived)
    assert seen == [0, 1, 2, 3]
    publisher.send(frame(4), frame(5), frame(6))
    readers[0].read_all()
    assert sum(reader.missed for reader in readers) == 2


def test_lost_frames_are_told_to_one_of_the_members() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=1000, when_full="skip")
    readers = [desk.reader(publisher, f"w{n}", keep="all", group="work", window_frames=2) for n in range(2)]
    for seq in range(40):
        publisher.try_send(frame(seq))
    seen = []
    while publisher.retained:
        for reader in readers:
            item = reader.read()
            seen += [item.seq] if item else []
    missed = sum(reader.missed for reader in readers)
    assert len(seen) + missed == 40
    assert publisher.session.audience.groups["work"].missed == missed


def test_an_exclusive_group_refuses_a_second_member_for_now_and_says_who_is_there() -> None:
    desk = Desk()
    publisher = desk.publisher()
    first = desk.reader(publisher, "lab-pc", keep="all", group="run.h5", exclusive=True)
    second = desk.reader(publisher, "other-pc", keep="all", group="run.h5", exclusive=True)
    assert second.refusal is not None
    assert (second.refusal.code, second.refusal.retry) == ("member", True)
    assert "takes one member and has one: python view.py (pid 2 on lab-pc)" in second.refusal.message
    first.kill()
    desk.wait(1)
    assert second.session.calling is not None
    assert second.session.calling.welcomed


def test_a_second_member_may_not_make_a_shared_group_exclusive() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "first", keep="all", group="work")
    second = desk.reader(publisher, "second", keep="all", group="work", exclusive=True)
    assert second.refusal is not None
    assert second.refusal.code == "member"


def test_members_of_a_group_ask_for_the_same() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "first", keep="all", group="work", want=("a*",))
    for number, rules in enumerate(({"want": ("b*",)}, {"want": ("a*",), "max_fps": 5.0})):
        other = desk.reader(publisher, f"other{number}", keep="all", group="work", **rules)  # type: ignore[arg-type]
        assert other.refusal is not None
        assert "ask for the same streams and max_fps" in other.refusal.message


def test_a_successor_may_ask_for_something_else() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "first", keep="all", group="file", want=("a",)).kill()
    second = desk.reader(publisher, "second", keep="all", group="file", want=("b",))
    publisher.send(frame(0, "a"), frame(0, "b"))
    assert [item.stream for item in second.read_items()] == ["b"]


def test_a_group_goes_on_where_its_last_member_left() -> None:
    desk = Desk()
    publisher = desk.publisher()
    first = desk.reader(publisher, "first", keep="all", group="file")
    publisher.send(*map(frame, range(5)))
    assert first.read_all() == list(range(5))
    first.session.leave()
    desk.settle()
    publisher.send(*map(frame, range(5, 8)))
    second = desk.reader(publisher, "second", keep="all", group="file")
    assert second.welcome.resumed
    assert [(item.seq, item.missed) for item in second.read_items()] == [(5, 0), (6, 0), (7, 0)]


def test_strangers_cannot_make_groups_without_end() -> None:
    desk = Desk()
    publisher = desk.publisher()
    for number in range(MAX_GROUPS + 5):
        hello = Hello(session=f"{number:016x}", role="reader", keep="all", group=f"g{number}")
        publisher.session.received(f"peer{number}", hello, None, desk.now)
    assert len(publisher.session.audience.groups) == MAX_GROUPS
    last = publisher.session.out[-1][1]
    assert "try again later" in getattr(last, "message", "")
