"""A group of publishers: each brings a hub a part of one run, under one name; what two of them bring counts once."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.session.feed import Feed
from framebus.session.guests import Guest
from framebus.session.once import Numbers
from tests.session.desk import RUN, Desk, Listener, Speaker, frame

COUNT = 60


class Member:
    """Reads frames of a group and passes them on to a hub; acknowledges each once the hub has."""

    def __init__(self, desk: Desk, source: Speaker, hub: Listener, name: str) -> None:
        self.desk = desk
        self.reader = desk.reader(source, name, keep="all", group="work", window_frames=3)
        self.speaker = desk.publisher(name, calls=hub, group="work", live=False)

    def work(self) -> None:
        """Take one frame, if one is here, and pass it on."""
        item = self.reader.session.take()
        if item is not None:
            identity = item.identity
            self.speaker.session.offer(item, self.desk.now, lambda: self.reader.session.done(identity, self.desk.now))
        self.desk.settle()

    def kill(self) -> None:
        """The process dies."""
        self.reader.kill()
        self.speaker.kill()


def two(desk: Desk, source: Speaker, hub: Listener) -> tuple[Member, Member]:
    return Member(desk, source, hub, "pi-1"), Member(desk, source, hub, "pi-2")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def source(desk: Desk) -> Speaker:
    return desk.publisher("head", live=False, wait_for_groups=("work",))


@pytest.fixture
def hub(desk: Desk) -> Listener:
    return desk.reader(name="head", keep="all")


def test_members_on_one_machine_and_on_several_have_one_name(desk: Desk, source: Speaker, hub: Listener) -> None:
    hub.introduce_callers(*map(Guest, ("192.168.1.11", "192.168.1.11", "192.168.1.12")))
    members = [Member(desk, source, hub, name) for name in ("pi-1", "pi-1", "pi-2")]
    source.send(*map(frame, range(9)))
    for _ in range(3):
        for member in members:
            member.work()
    items = hub.read_items()
    assert {item.stream for item in items} == {"cam"}
    assert sorted(item.seq for item in items) == list(range(9))
    assert [item.missed for item in items] == [0] * 9
    assert hub.session.is_shared("cam")


def test_who_brings_another_run_is_another_publisher_whatever_its_group(desk: Desk, hub: Listener) -> None:
    hub.introduce_callers(*map(Guest, ("192.168.1.11", "192.168.1.12")))
    for number in range(2):
        camera = desk.publisher(f"pi-{number}", calls=hub, group="work", live=False)
        camera.send(frame(0, run=RUN + number))
    assert {item.stream for item in hub.read_items()} == {"cam", "cam.192-168-1-12"}


def test_who_brings_the_same_run_without_the_group_is_refused(desk: Desk, source: Speaker, hub: Listener) -> None:
    member = Member(desk, source, hub, "pi-1")
    source.send(frame(0))
    member.work()
    stranger = desk.publisher("pi-1", calls=hub, group="other", live=False)
    stranger.send(frame(1))
    assert stranger.refusal is not None
    assert stranger.refusal.code == "name"


def test_the_name_is_taken_as_long_as_any_member_is_there(desk: Desk, source: Speaker, hub: Listener) -> None:
    first, second = two(desk, source, hub)
    source.send(frame(0), frame(1))
    for member in (first, second):
        member.work()
    second.kill()
    stranger = desk.publisher("pi-1", calls=hub, live=False)
    stranger.send(frame(1, run=RUN + 1))
    assert stranger.refusal is not None
    assert stranger.refusal.code == "name"


def test_what_a_dead_member_had_delivered_counts_once(desk: Desk, source: Speaker, hub: Listener) -> None:
    first, second = two(desk, source, hub)
    source.send(frame(0))
    first.work()
    taken = hub.take()
    first.kill()  # the hub has the frame, and the source does not know
    second.work()
    assert taken is not None
    assert hub.read_all() == []
    desk.wait(1)
    assert hub.session.repeated == 1
    assert source.done == [0]


def test_a_frame_is_acknowledged_to_who_brought_it_again_only_once_it_is_settled(
    desk: Desk, source: Speaker, hub: Listener
) -> None:
    first, second = two(desk, source, hub)
    source.send(frame(0))
    first.work()
    hub.take()
    first.kill()
    second.work()
    desk.wait(1)
    assert (second.speaker.retained > 0, source.done) == (True, [])  # the hub may still die with the frame in hand
    hub.done()
    desk.wait(1)
    assert (second.speaker.retained, source.done) == (0, [0])


def test_also_where_the_hub_calls_their_stream_something_else(desk: Desk, source: Speaker, hub: Listener) -> None:
    hub.introduce_callers(*map(Guest, ("192.168.1.10", "192.168.1.11", "192.168.1.11")))
    desk.publisher("pi-0", calls=hub).send(frame(0, run=RUN + 7))
    first, second = two(desk, source, hub)
    source.send(frame(0))
    first.work()
    read = hub.read_items()
    first.kill()
    second.work()
    assert [item.stream for item in read] == ["cam", "cam.192-168-1-11"]
    desk.wait(1)
    assert hub.read_all() == []
    assert source.done == [0]


def test_once_all_have_ended_the_same_frames_sent_again_are_meant(desk: Desk, hub: Listener) -> None:
    for _ in range(2):
        publisher = desk.publisher("pi-1", calls=hub, group="work", live=False)
        publisher.send(frame(0), frame(1))
        assert hub.read_all() == [0, 1]
        publisher.close()


def test_but_not_while_one_of_them_is_still_at_it(desk: Desk, hub: Listener) -> None:
    first, second = (desk.publisher(f"pi-{n}", calls=hub, group="work", live=False) for n in range(2))
    first.send(frame(0))
    second.send(frame(1))
    assert hub.read_all() == [0, 1]
    first.close()
    second.send(frame(0))
    assert hub.read_all() == []


@pytest.mark.parametrize("seed", range(20))
def test_whoever_dies_whenever_every_frame_arrives_once_and_the_end_is_known(seed: int) -> None:
    rng = Random(seed)
    desk = Desk()
    source = desk.publisher("head", live=False, wait_for_groups=("work",))
    hub = desk.reader(name="head", keep="all", window_frames=4)
    members = [Member(desk, source, hub, f"pi-{number}") for number in range(3)]
    offered, read, died = 0, [], 0
    while offered < COUNT or source.retained:
        if offered < COUNT and source.try_send(frame(offered)) is None:
            offered += 1
        rng.choice(members).work()
        if rng.random() < 0.5 and (item := hub.read()) is not None:
            read.append(item.seq)
        if rng.random() < 0.15 and died < 30:
            died += 1
            members.pop(rng.randrange(3)).kill()
            members.append(Member(desk, source, hub, f"pi-{rng.randrange(3)}"))
        desk.wait(0.05)
    read += hub.read_all()
    assert sorted(read) == list(range(COUNT))
    assert hub.missed == 0
    assert hub.session.repeated > 0
    source.close()
    desk.wait(1)
    assert source.session.finished


@given(st.lists(st.integers(0, 40)))
def test_numbers_are_a_set(added: list[int]) -> None:
    numbers = Numbers()
    for number in added:
        numbers.add(number)
    assert {number for number in range(-1, 42) if number in numbers} == set(added)


def test_numbers_that_follow_each_other_take_no_room_and_the_lowest_are_forgotten_where_they_do() -> None:
    numbers = Numbers(max_ranges=2)
    for number in (*range(100), *range(200, 300), 150, 149):
        numbers.add(number)
    assert [number in numbers for number in (0, 149, 150, 151, 250)] == [False, True, True, False, True]


def test_runs_that_a_publisher_only_announces_are_forgotten() -> None:
    feed = Feed("session")
    feed.group = "work"
    for run in range(100_000):
        feed.announce(run)
    assert len(feed.runs) < 10_000
