"""Credit: nothing is sent without it, so nobody's memory fills with frames nobody asked for."""

from __future__ import annotations

import pytest

from framebus.session.feed import AHEAD_BYTES, AHEAD_FRAMES, LATEST_WINDOW_OFF_HOST, LATEST_WINDOW_ON_HOST
from framebus.session.outgoing import Delivery, Entry
from framebus.session.rules import WINDOW_BYTES, WINDOW_FRAMES
from framebus.wire.control import Credit, Refuse
from tests.session.desk import Desk, Listener, Speaker, frame, pair


def test_a_reader_that_never_asked_is_sent_nothing() -> None:
    _, publisher, reader = pair()
    publisher.send(*map(frame, range(5)))
    assert reader.arrived == []


def test_off_host_a_newest_only_reader_holds_two_frames_the_one_worked_on_counted() -> None:
    _, publisher, reader = pair()
    reader.ask()
    publisher.send(*map(frame, range(5)))
    assert len(reader.arrived) == LATEST_WINDOW_OFF_HOST == 2
    reader.take()
    assert len(reader.arrived) == 2


def test_on_the_same_host_it_holds_one() -> None:
    _, publisher, reader = pair(near=True)
    reader.ask()
    publisher.send(*map(frame, range(5)))
    assert len(reader.arrived) == LATEST_WINDOW_ON_HOST == 1


def test_it_gets_the_next_when_it_is_finished_with_one_and_asks_again() -> None:
    _, publisher, reader = pair(near=True)
    reader.ask()
    publisher.send(frame(0), frame(1), frame(2))
    reader.take()
    reader.done()
    assert reader.arrived == [0]  # finished, but nobody waits for another
    reader.ask()
    assert reader.arrived == [0, 2]


def test_a_lossless_reader_holds_eight_frames() -> None:
    _, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(20)))
    assert len(reader.arrived) == WINDOW_FRAMES == 8
    assert reader.read_all() == list(range(20))


class TestSmallFramesOfALosslessReader:
    """So many are on their way to it, or in its hands, once it is finished with the first."""

    @staticmethod
    def on_their_way(reader: Listener, publisher: Speaker, nbytes: int = 100_000) -> int:
        publisher.send(*(frame(seq, nbytes=nbytes) for seq in range(100)))
        reader.read()
        reader.read()
        return len(reader.arrived) - 1

    def test_fill_the_way_from_another_machine(self) -> None:
        _, publisher, reader = pair(keep="all")
        assert self.on_their_way(reader, publisher) == AHEAD_FRAMES

    def test_are_as_many_bytes_at_most_as_do_that(self) -> None:
        _, publisher, reader = pair(keep="all")
        assert self.on_their_way(reader, publisher, AHEAD_BYTES // 20) == 20

    def test_are_eight_where_the_way_is_short(self) -> None:
        _, publisher, reader = pair(keep="all", near=True)
        assert self.on_their_way(reader, publisher) <= WINDOW_FRAMES

    def test_but_not_where_they_are_encrypted_on_it(self) -> None:
        desk = Desk()
        publisher = desk.publisher("here")
        reader = desk.reader(publisher, "here", encrypted=True, keep="all")
        assert self.on_their_way(reader, publisher) == AHEAD_FRAMES

    def test_are_eight_where_others_could_have_them(self) -> None:
        _, publisher, reader = pair(keep="all", group="workers")
        assert self.on_their_way(reader, publisher) <= WINDOW_FRAMES

    def test_are_more_where_nobody_else_is_let_into_the_group(self) -> None:
        _, publisher, reader = pair(keep="all", group="file", exclusive=True)
        assert self.on_their_way(reader, publisher) == AHEAD_FRAMES


def test_or_as_many_bytes_as_its_window_has() -> None:
    _, publisher, reader = pair(keep="all")
    third = WINDOW_BYTES // 3
    publisher.send(*(frame(seq, nbytes=third) for seq in range(6)))
    assert reader.arrived == [0, 1, 2]
    assert reader.read_all() == list(range(6))


def test_but_at_least_one_however_large() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=10 * WINDOW_BYTES)
    reader = desk.reader(publisher, keep="all")
    publisher.send(*(frame(seq, nbytes=2 * WINDOW_BYTES) for seq in range(3)))
    assert reader.arrived == [0]
    assert reader.read_all() == [0, 1, 2]


def test_a_publisher_that_sends_without_credit_is_cut_off() -> None:
    desk, _, reader = pair()
    reader.session.arrived(reader.session.calling.peer, frame(0), 0, desk.now)  # type: ignore[union-attr]
    assert reader.session.dropped == [reader.session.calling.peer]  # type: ignore[union-attr]
    assert reader.session.uninvited == 1
    assert any(isinstance(action, Refuse) for _, action in reader.session.out)


def test_credit_starts_over_with_a_new_connection() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(8)))
    reader.cut(down_s=1.0)
    desk.wait(1.5)
    [member] = publisher.session.audience.members.values()
    assert member.granted == 0  # eight frames are still in its hands
    assert reader.read_all() == list(range(8))
    assert member.granted == 8 + member.sent


def test_credit_that_was_said_twice_counts_once() -> None:
    desk, publisher, reader = pair(keep="all", window_frames=2)
    again: Credit = publisher.all_heard(Credit)[-1]
    [peer] = publisher.session.audience.members
    for _ in range(3):
        publisher.session.received(peer, again, None, desk.now)
    publisher.send(*map(frame, range(5)))
    assert reader.arrived == [0, 1]


@pytest.mark.parametrize("count", [3, 30])
def test_a_hub_asks_a_few_while_frames_wait_and_everybody_when_none_do(count: int) -> None:
    desk = Desk()
    hub = desk.reader()
    publishers = [desk.publisher(f"pi{n}", calls=hub) for n in range(count)]
    hub.ask()
    assert [len(speaker.all_heard(Credit)) for speaker in publishers] == [1] * count
    for number in range(3):
        for n, speaker in enumerate(publishers):
            speaker.send(frame(number, f"cam{n}"))
    assert len(hub.session.inbox) <= 2 * count
    hub.read_all()
    assert {speaker.session.audience.groups.popitem()[1].owed for speaker in publishers} == {0}


def test_a_hub_with_a_full_inbox_grants_no_more_until_the_user_took_some() -> None:
    desk = Desk()
    hub = desk.reader(keep="all", max_inbox_bytes=500)
    publishers = [desk.publisher(f"pi{n}", calls=hub) for n in range(3)]
    for n, speaker in enumerate(publishers):
        speaker.send(*(frame(seq, f"cam{n}") for seq in range(20)))
    assert sum(len(_seqs(hub, f"cam{n}")) for n in range(3)) == 24  # what was granted while there was room
    assert sorted(hub.read_all()) == sorted(list(range(20)) * 3)


def _seqs(hub: Listener, stream: str) -> list[int]:
    entries: list[Entry] = [action.entry for action in hub.heard if isinstance(action, Delivery)]
    return [entry.identity.seq for entry in entries if entry.identity.stream == stream]
