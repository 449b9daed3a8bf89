"""Frames lost to a group whose members share: each is told to one of them, with a frame that this one gets."""

from __future__ import annotations

import pytest

from tests.session.desk import Desk, Listener, Speaker, frame

BEFORE, SENT, LOST, AFTER = range(6), range(6, 10), range(10, 16), 16


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def publisher(desk: Desk) -> Speaker:
    """It keeps four frames, and goes on without those it has no room for."""
    return desk.publisher(retain_bytes=400, when_full="skip")


@pytest.fixture
def reader(desk: Desk, publisher: Speaker) -> Listener:
    """It has read the first frames."""
    first = member(desk, publisher, "first")
    for seq in BEFORE:
        publisher.send(frame(seq))
        first.read_all()
    assert publisher.retained == 0
    return first


def member(desk: Desk, publisher: Speaker, name: str) -> Listener:
    return desk.reader(publisher, name, keep="all", group="work", window_frames=4)


def test_what_was_lost_is_not_told_with_a_frame_sent_again_which_its_reader_may_have(
    desk: Desk, publisher: Speaker, reader: Listener
) -> None:
    publisher.send(*map(frame, (*SENT, *LOST)))
    reader.take()
    reader.cut(0.1)
    reader.done()
    desk.wait(10)
    assert reader.session.repeated == len(SENT)
    reader.in_hand = None
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(seq, 0) for seq in SENT[1:]]
    reader.session.leave()
    desk.settle()
    publisher.send(frame(AFTER))
    assert [(item.seq, item.missed) for item in member(desk, publisher, "second").read_items()] == [(AFTER, len(LOST))]


def test_what_a_frame_told_it_tells_again_and_a_reader_that_had_it_does_not_count_that_twice(
    desk: Desk, publisher: Speaker, reader: Listener
) -> None:
    tell(publisher, reader)
    reader.cut(0.1)
    desk.wait(10)
    assert reader.session.repeated == 1
    publisher.send(frame(AFTER + 1))
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(AFTER, len(LOST)), (AFTER + 1, 0)]
    assert reader.missed == len(LOST)


def test_who_gets_a_dead_members_frame_is_told_what_was_told_with_it(
    desk: Desk, publisher: Speaker, reader: Listener
) -> None:
    tell(publisher, reader)
    reader.kill()
    second = member(desk, publisher, "second")
    publisher.send(frame(AFTER + 1))
    assert [(item.seq, item.missed) for item in second.read_items()] == [(AFTER, len(LOST)), (AFTER + 1, 0)]


def test_what_was_told_with_a_frame_that_is_given_up_is_told_with_the_next(
    desk: Desk, publisher: Speaker, reader: Listener
) -> None:
    tell(publisher, reader)
    reader.kill()
    for seq in range(AFTER + 1, AFTER + 5):
        assert publisher.try_send(frame(seq)) is None
    items = member(desk, publisher, "second").read_items()
    assert [(item.seq, item.missed) for item in items] == [(17, len(LOST) + 1), (18, 0), (19, 0), (20, 0)]


def test_what_a_member_that_is_further_cannot_be_told_with_an_earlier_frame_it_is_told_with_the_next(
    desk: Desk, publisher: Speaker, reader: Listener
) -> None:
    second = member(desk, publisher, "second")
    tell(publisher, reader, second)
    publisher.send(frame(AFTER + 1))
    dead, other = (reader, second) if AFTER in reader.arrived else (second, reader)
    dead.kill()
    publisher.send(frame(AFTER + 2))
    items = other.read_items()
    assert [(item.seq, item.missed) for item in items] == [(AFTER + 1, 0), (AFTER, 0), (AFTER + 2, len(LOST))]


def tell(publisher: Speaker, *readers: Listener) -> None:
    """A frame that tells of the lost ones is in a reader's inbox; all before it is acknowledged."""
    publisher.send(*map(frame, (*SENT, *LOST)))
    while any(reader.read_all() for reader in readers):
        """All of them read until nothing is left."""
    assert publisher.retained == 0
    publisher.send(frame(AFTER))
    assert sum(reader.missed for reader in readers) == len(LOST)
