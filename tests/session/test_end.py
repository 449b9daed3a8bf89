"""E, end: readers end when the source ended and they have what they are owed. Crashes and cables are no ends."""

from __future__ import annotations

import pytest

from framebus.session.feed import Feed
from framebus.session.publisher import LAST_FRAME_S
from framebus.session.receive_queue import FLUSH_S
from framebus.session.rules import ANONYMOUS_PATIENCE_S
from framebus.testing.network import CALLED
from framebus.wire.control import End, Hello, StreamState
from tests.session.desk import RUN, Desk, frame, pair


def test_a_lossless_reader_is_told_after_its_last_acknowledgement() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(3)))
    publisher.close()
    assert reader.all_heard(End) == []
    for _ in range(3):
        assert not reader.session.finished
        reader.read()
    assert not publisher.session.finished
    reader.done()
    desk.wait(FLUSH_S)
    assert reader.session.finished
    assert publisher.session.finished


def test_the_end_says_how_many_frames_there_were() -> None:
    desk, publisher, reader = pair()
    publisher.send(frame(0), frame(1), frame(2), frame(0, "other"))
    publisher.close()
    desk.wait(LAST_FRAME_S)
    [end] = reader.all_heard(End)
    assert [(state.name, state.next) for state in end.streams] == [("cam", 3), ("other", 1)]
    assert reader.session.finished
    assert reader.session.missed_at_end == {"cam": 3, "other": 1}


def test_the_newest_frame_may_still_be_taken() -> None:
    desk, publisher, reader = pair(near=True)
    reader.ask()
    publisher.send(frame(0), frame(1), frame(2))
    publisher.close()
    desk.wait(LAST_FRAME_S / 2)
    assert reader.all_heard(End) == []
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(0, 0), (2, 1)]
    assert reader.session.finished
    assert publisher.session.finished


def test_but_not_for_long() -> None:
    desk, publisher, reader = pair(near=True)
    reader.ask()
    publisher.send(frame(0), frame(1), frame(2))
    publisher.close()
    desk.wait(LAST_FRAME_S)
    assert publisher.session.finished
    assert reader.missed == 2
    assert not reader.session.finished
    assert reader.read_all() == [0]
    assert reader.session.finished


def test_a_reader_that_comes_after_the_end_is_told_at_once() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(frame(0))
    publisher.close()
    reader = desk.reader(publisher)
    assert reader.session.finished
    assert reader.missed == 0


def test_what_a_group_is_owed_waits_for_it_after_the_end() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("file",))
    publisher.send(frame(0), frame(1))
    publisher.close()
    assert publisher.session.audience.owing() == ["file"]
    assert not publisher.session.finished
    reader = desk.reader(publisher, group="file")
    assert reader.read_all() == [0, 1]
    assert reader.session.finished
    assert publisher.session.finished


def test_a_crash_is_no_end() -> None:
    desk, publisher, reader = pair()
    publisher.kill()
    desk.wait(60)
    assert not reader.session.finished
    assert reader.session.away


def test_a_broken_line_is_no_end() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(frame(0))
    reader.cut(down_s=60)
    desk.wait(59)
    assert not reader.session.finished
    assert reader.session.away


def test_the_end_is_told_again_to_who_did_not_hear_it() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(frame(0))
    reader.read_all()
    reader.cut(down_s=1)
    publisher.close()
    assert not publisher.session.finished
    desk.wait(2)
    assert reader.session.finished
    assert publisher.session.finished


def test_who_heard_it_but_could_not_say_so_says_so_over_the_next_connection() -> None:
    desk, publisher, reader = pair(keep="all")
    [(peer, member)] = publisher.session.audience.members.items()
    reader.session.received(CALLED, End(session=member.session), desk.now)
    reader.session.out.clear()  # its answer is lost
    publisher.session.closing = True
    publisher.session.audience.end_readers(at_once=True)
    publisher.session.out.clear()
    assert not publisher.session.finished
    reader.cut(down_s=1)
    assert peer not in publisher.session.audience.members
    assert not publisher.session.finished
    desk.wait(1.1)
    assert reader.session.finished
    assert publisher.session.finished


@pytest.mark.parametrize("keep", ["latest", "all"])
def test_a_publisher_waits_a_while_for_who_was_told_and_went_silent(keep: str) -> None:
    desk, publisher, reader = pair(keep=keep)
    reader.node.sleep(1e6)
    publisher.close()
    assert not publisher.session.finished
    desk.wait(4)
    assert not publisher.session.finished
    desk.wait(ANONYMOUS_PATIENCE_S)
    assert publisher.session.finished


def test_after_the_end_a_reader_says_nothing_more() -> None:
    desk, publisher, reader = pair()
    publisher.close()
    assert reader.session.finished
    hellos = len(publisher.all_heard(Hello))
    reader.cut(down_s=0.1)
    desk.wait(30)
    assert len(publisher.all_heard(Hello)) == hellos
    assert reader.session.finished


def test_a_publisher_that_called_is_through_when_the_hub_confirmed() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    publisher = desk.publisher(calls=hub)
    publisher.send(frame(0))
    publisher.close()
    hub.read_all()
    desk.wait(FLUSH_S)
    assert publisher.session.finished
    desk.wait(30)
    assert publisher.session.finished
    assert hub.session.away


def test_a_hub_never_ends_by_itself() -> None:
    desk = Desk()
    hub = desk.reader()
    for n in range(3):
        desk.publisher(f"pi{n}", calls=hub).close()
    desk.wait(100)
    assert not hub.session.finished


def test_a_hub_that_leaves_is_waited_for() -> None:
    desk = Desk()
    hub = desk.reader(keep="all", group="file")
    publisher = desk.publisher(calls=hub)
    publisher.send(frame(0), frame(1))
    hub.session.leave()
    desk.settle()
    publisher.close()
    assert not publisher.session.finished
    assert publisher.session.audience.owing() == ["file"]
    desk.wait(1.1)  # the hub is back, or never went
    assert hub.read_all()[-1] == 1
    desk.wait(FLUSH_S)
    assert publisher.session.finished


def test_a_reader_that_leaves_is_not_waited_for() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(frame(0))
    publisher.close()
    reader.session.leave()
    desk.settle()
    assert publisher.session.finished


def test_an_end_that_is_heard_again_after_a_break_tells_of_nothing_new() -> None:
    feed = Feed("a session")
    feed.begin((), rebase=False)
    counts = (StreamState(name="cam", run=f"{RUN:016x}", next=4, thinned=0),)
    assert feed.finish(counts) == {"cam": 4}
    feed.begin(counts, rebase=False)
    assert feed.finish(counts) == {}
