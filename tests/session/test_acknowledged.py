"""A, acknowledged: a frame is owed until the reader is finished with it, and comes again, once, if it was not."""

from __future__ import annotations

from framebus.core.frame import Identity
from framebus.session.feed import REMEMBERED, ranges
from framebus.session.receive_queue import AT_ONCE, EACH_S, FLUSH_S
from framebus.wire.control import Credit, FrameRange
from tests.session.desk import RUN, Desk, Listener, Speaker, frame, pair

SPELLED = f"{RUN:016x}"


def test_taking_a_frame_is_not_acknowledging_it() -> None:
    desk, publisher, reader = pair(keep="all", window_frames=1)
    publisher.send(frame(0))
    reader.take()
    desk.wait(1)
    assert publisher.done == []
    reader.done()
    assert publisher.done == [0]


def test_acknowledgements_travel_together_as_ranges() -> None:
    desk, publisher, reader = pair(near=True, keep="all")
    publisher.send(*map(frame, range(8)))
    items = [reader.session.take() for _ in range(4)]
    for item in items:
        assert item is not None
        reader.session.done(item.identity, desk.now)
    desk.settle()
    assert publisher.all_heard(Credit)[-1].frames == (FrameRange("cam", SPELLED, 0, 3),)
    assert publisher.done == [0, 1, 2, 3]


def test_but_do_not_wait_long() -> None:
    desk, publisher, reader = pair(near=True, keep="all")
    publisher.send(*map(frame, range(8)))
    reader.take()
    reader.done()
    assert publisher.done == []
    desk.wait(FLUSH_S)
    assert publisher.done == [0]


def _busy_hub(publishers: int) -> tuple[Desk, list[Speaker], Listener]:
    """A hub that has just finished with a frame of each publisher; those before are acknowledged."""
    desk = Desk()
    hub = desk.reader(keep="all")
    cameras = [desk.publisher(f"cam{at}", calls=hub) for at in range(publishers)]
    for seq in range(2):
        for at, camera in enumerate(cameras):
            camera.send(frame(seq, f"cam{at}"))
        if seq == 0:
            hub.read_all()
            desk.wait(1)
    for item in [hub.session.take() for _ in cameras]:
        assert item is not None
        hub.session.done(item.identity, desk.now)
    desk.settle()
    return desk, cameras, hub


def test_the_more_publishers_the_longer() -> None:
    desk, cameras, _ = _busy_hub(publishers=100)
    desk.wait(FLUSH_S)
    assert cameras[0].done == [0, 1]
    assert cameras[-1].done == [0]
    desk.wait(100 * EACH_S)
    assert [camera.done for camera in cameras] == [[0, 1]] * 100


def test_many_publishers_are_told_a_few_at_a_time_so_that_frames_are_read_in_between() -> None:
    desk, _, hub = _busy_hub(publishers=100)
    later = desk.now + 1.0
    told = []
    for _ in range(4):
        at = hub.session.deadline(later)
        assert at is not None
        assert at <= later
        hub.session.out.clear()
        hub.session.tick(later)
        told.append(sum(isinstance(message, Credit) for _, message in hub.session.out))
    assert told == [AT_ONCE, AT_ONCE, AT_ONCE, 100 - 3 * AT_ONCE]


def test_a_publisher_in_need_of_them_asks() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(8)))
    reader.take()
    reader.done()
    publisher.session.nudge()
    desk.settle()
    assert publisher.done == [0]


def test_ranges_join_what_follows_in_one_stream_and_run() -> None:
    numbers = [("a", 1, 0), ("a", 1, 1), ("b", 1, 2), ("a", 1, 2), ("a", 2, 3), ("a", 2, 5)]
    assert ranges([Identity(*number) for number in numbers]) == (
        FrameRange("a", f"{1:016x}", 0, 1),
        FrameRange("b", f"{1:016x}", 2, 2),
        FrameRange("a", f"{1:016x}", 2, 2),
        FrameRange("a", f"{2:016x}", 3, 3),
        FrameRange("a", f"{2:016x}", 5, 5),
    )
    assert ranges([]) == ()


def test_only_what_was_not_acknowledged_comes_again_in_order_and_is_the_same_frame() -> None:
    desk = Desk()
    publisher = desk.publisher()
    first = desk.reader(publisher, "first", keep="all", group="file")
    publisher.send(*map(frame, range(10)))
    for _ in range(4):
        first.read()
    desk.wait(FLUSH_S)
    first.kill()
    second = desk.reader(publisher, "second", keep="all", group="file")
    items = second.read_items()
    assert [item.identity for item in items] == [Identity("cam", RUN, seq) for seq in range(3, 10)]
    assert [item.missed for item in items] == [0] * 7


def test_a_frame_that_comes_again_while_the_user_has_it_is_dropped() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(3)))
    reader.take()
    reader.cut(down_s=0.5)
    desk.wait(1)
    assert reader.arrived == [0, 1, 2, 0, 1, 2]
    assert reader.read_all() == [1, 2]
    assert publisher.done == [0, 1, 2]
    assert reader.session.repeated == 3


def test_a_frame_that_comes_again_after_it_was_finished_is_dropped_and_acknowledged_again() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(3)))
    reader.take()
    reader.cut(down_s=0.5)
    reader.done()
    desk.wait(1)
    assert publisher.done == [0]
    assert reader.read_all() == [1, 2]
    assert publisher.done == [0, 1, 2]


def test_acknowledgements_survive_a_break() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(8)))
    reader.cut(down_s=0.5)
    assert reader.read_all() == list(range(8))
    desk.wait(1)
    assert publisher.done == list(range(8))
    assert publisher.retained == 0


def test_the_window_stays_full_across_many_breaks() -> None:
    desk, publisher, reader = pair(keep="all")
    seen = []
    for seq in range(3 * REMEMBERED):
        publisher.send(frame(seq))
        if seq % 10 == 0:
            reader.cut(down_s=0.1)
            desk.wait(0.2)
        if seq % 3 == 0:
            seen += reader.read_all()
    seen += reader.read_all()
    assert seen == list(range(3 * REMEMBERED))
    assert publisher.retained == 0
    [feed] = reader.session.feeds.values()
    assert feed.held == 0
    assert len(feed._settled) <= REMEMBERED


def test_a_frame_offered_twice_while_it_is_owed_is_sent_once() -> None:
    _, publisher, reader = pair(keep="all")
    publisher.send(frame(0), frame(0), frame(1))
    assert reader.read_all() == [0, 1]
    assert publisher.retained == 0


def test_acknowledging_what_was_never_sent_changes_nothing() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(frame(0))
    [(peer, member)] = publisher.session.audience.members.items()
    strange = (FrameRange("cam", SPELLED, 1, 4000), FrameRange("other", SPELLED, 0, 9))
    publisher.session.received(peer, Credit(session=member.session, credit=8, frames=strange), None, desk.now)
    assert publisher.retained == 100
    assert reader.read_all() == [0]


def test_newest_only_readers_acknowledge_nothing() -> None:
    _, publisher, reader = pair(keep="latest")
    reader.ask()
    publisher.send(frame(0), frame(1))
    assert publisher.done == [0, 1]
    reader.read_all()
    assert [credit.frames for credit in publisher.all_heard(Credit)] == [()] * len(publisher.all_heard(Credit))
