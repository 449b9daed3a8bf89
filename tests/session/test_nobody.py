"""N, nobody reads: live publishers go on and count, `wait_for` waits, and its groups are owed all from frame 0."""

from __future__ import annotations

import pytest

from tests.session.desk import RUN, Desk, frame


def test_a_live_publisher_without_readers_is_idle_and_counts() -> None:
    desk = Desk()
    publisher = desk.publisher()
    assert publisher.session.idle
    for _ in range(3):
        publisher.session.skip("cam", RUN)
    assert publisher.session.unseen == 3
    assert publisher.session.next_number("cam", RUN) == 3


def test_frames_that_nobody_is_there_for_are_unseen() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(frame(0))
    desk.reader(publisher)
    publisher.send(frame(1))
    assert publisher.session.unseen == 1
    assert not publisher.session.idle


def test_frames_that_are_kept_for_somebody_are_not_unseen() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5",))
    publisher.send(frame(0))
    assert publisher.session.unseen == 0


def test_wait_for_readers_at_once() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for=2)
    assert not publisher.session.started()
    first = desk.reader(publisher, "first")
    assert not publisher.session.started()
    desk.reader(publisher, "second")
    assert publisher.session.started()
    first.kill()
    assert publisher.session.started()  # once is enough


def test_wait_for_groups_by_name() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5", "view"))
    assert publisher.session.audience.missing() == ["run.h5", "view"]
    desk.reader(publisher, group="view")
    assert publisher.session.audience.missing() == ["run.h5"]
    desk.reader(publisher, group="run.h5")
    assert publisher.session.audience.missing() == []
    assert publisher.session.started()


@pytest.mark.parametrize("group", ["run.h5", "run.h5.1a2b3c4d"])
def test_a_sinks_group_is_meant_by_its_base_name_and_owed_every_frame_from_the_first(group: str) -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5",), live=True)
    publisher.send(*map(frame, range(3)))
    reader = desk.reader(publisher, group=group, exclusive=True)
    assert publisher.session.started()
    assert reader.welcome.keep == "all"
    publisher.send(frame(3))
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert list(publisher.session.audience.groups) == [group]


@pytest.mark.parametrize("group", ["run.h5.tail", "run.h5.1a2b3c4", "run.h5.1A2B3C4D", "my.run.h5", "run"])
def test_other_names_are_other_groups(group: str) -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5",))
    desk.reader(publisher, group=group)
    assert publisher.session.audience.missing() == ["run.h5"]


def test_a_second_sink_of_that_base_name_is_a_group_of_its_own() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5",))
    desk.reader(publisher, "here", group="run.h5.11111111", exclusive=True)
    desk.reader(publisher, "there", group="run.h5.22222222", exclusive=True)
    assert list(publisher.session.audience.groups) == ["run.h5.11111111", "run.h5.22222222"]


def test_a_refused_reader_was_not_there() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("view",))
    reader = desk.reader(publisher, group="view", keep="latest")
    assert reader.refusal is not None
    assert publisher.session.audience.missing() == ["view"]


def test_several_members_may_share_a_group_that_was_waited_for() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("workers",))
    readers = [desk.reader(publisher, f"worker{n}", group="workers") for n in range(2)]
    publisher.send(*map(frame, range(6)))
    assert [reader.refusal for reader in readers] == [None, None]
    assert sorted(readers[0].read_all() + readers[1].read_all()) == list(range(6))
