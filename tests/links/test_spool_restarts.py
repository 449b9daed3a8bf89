"""A publisher that spools and is started again: what is owed comes first, in order, once."""

from __future__ import annotations

import pytest

from framebus.core.contracts import Item
from framebus.session.rules import ANONYMOUS_PATIENCE_S
from tests.links.yard import NEXT_RUN, Yard, got, send, whole
from tests.session.desk import RUN, packet


@pytest.mark.parametrize("orderly", [True, False])
def test_a_successor_delivers_what_is_owed_first_then_its_own(yard: Yard, orderly: bool) -> None:
    first = yard.spooler()
    reader = yard.saver(first)
    send(first, 0, 1, 2)
    assert reader.read_all() == [0, 1, 2]
    reader.kill()
    send(first, 3, 4, 5)
    (yard.end if orderly else yard.kill)(first)
    second = yard.spooler()
    send(second, 0, 1, run=NEXT_RUN)
    late = yard.saver(second)
    assert got(late.read_items()) == [*whole(RUN, 3, 4, 5), *whole(NEXT_RUN, 0, 1)]
    assert late.missed == 0


def test_a_reader_that_lived_on_gets_nothing_twice(yard: Yard) -> None:
    first = yard.spooler()
    reader = yard.saver(first)
    send(first, *range(12))
    for number in range(4):
        item = reader.read()
        assert item is not None
        assert item.seq == number
    yard.kill(first)
    reader.cut()
    second = yard.spooler()
    send(second, 0, run=NEXT_RUN)
    yard.reconnect(reader, second)
    before = [4, 5, 6, 7, 8, 9, 10, 11]
    assert got(reader.read_items()) == [*whole(RUN, *before), *whole(NEXT_RUN, 0)]
    assert reader.missed == 0


def test_what_a_kill_took_is_counted(yard: Yard) -> None:
    """Frames on their way to a reader are in memory only; the publisher and the reader die at once."""
    first = yard.spooler()
    reader = yard.saver(first, exclusive=True)
    send(first, *range(12))
    yard.kill(first)
    reader.kill()
    second = yard.spooler()
    late = yard.saver(second, exclusive=True)
    assert got(late.read_items()) == [(RUN, 8, 8), *whole(RUN, 9, 10, 11)]


def test_a_new_reader_is_not_told_that_it_missed_what_its_group_has(yard: Yard) -> None:
    first = yard.spooler()
    reader = yard.saver(first, exclusive=True)
    send(first, *range(12))
    for _ in range(5):  # the fifth is in hand, and not acknowledged
        reader.read()
    yard.settle()
    reader.session.tick(yard.now + 1.0)
    yard.settle()
    yard.kill(first)
    reader.kill()
    second = yard.spooler()
    late = yard.saver(second, exclusive=True)
    assert got(late.read_items()) == [(RUN, 8, 4), *whole(RUN, 9, 10, 11)]


def test_what_was_left_out_for_a_frame_rate_is_not_missed_after_a_restart(yard: Yard) -> None:
    first = yard.spooler()
    yard.away(first, max_fps=10.0)
    for number in range(10):
        send(first, number, at=number * 0.05)
    yard.kill(first)
    second = yard.spooler()
    reader = yard.saver(second, max_fps=10.0)
    assert got(reader.read_items()) == whole(RUN, 0, 2, 4, 6, 8)


def test_an_ended_group_is_not_owed_what_comes_later(yard: Yard) -> None:
    first = yard.spooler()
    reader = yard.saver(first)
    send(first, 0)
    assert reader.read_all() == [0]
    yard.end(first)
    assert reader.session.finished
    second = yard.spooler()
    assert list(second.session.audience.groups) == []


def test_a_group_that_was_away_at_the_end_is_owed_what_comes_later(yard: Yard) -> None:
    first = yard.spooler()
    yard.away(first)
    yard.end(first)
    second = yard.spooler()
    send(second, 0, run=NEXT_RUN)
    assert got(yard.saver(second).read_items()) == whole(NEXT_RUN, 0)


def test_the_end_does_not_wait_for_who_is_away(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, 0)
    publisher.close()
    assert publisher.session.audience.owing() == []
    yard.wait(ANONYMOUS_PATIENCE_S)
    assert publisher.session.finished


def test_the_end_waits_for_who_is_there(yard: Yard) -> None:
    publisher = yard.spooler()
    reader = yard.saver(publisher)
    send(publisher, *range(20))
    publisher.close()
    assert publisher.session.audience.owing() == ["saver"]
    assert reader.read_all() == list(range(20))
    assert publisher.session.audience.owing() == []


def test_what_is_on_its_way_when_a_publisher_closes_is_written_too(yard: Yard) -> None:
    first = yard.spooler()
    yard.saver(first)
    send(first, *range(3))
    yard.end(first)
    second = yard.spooler()
    assert got(yard.saver(second).read_items()) == whole(RUN, *range(3))


def test_a_named_group_is_owed_everything_from_the_first_and_nobody_waits_for_it(yard: Yard) -> None:
    publisher = yard.spooler(wait_for_groups=("run.h5",))
    assert publisher.session.started()
    send(publisher, *range(20))
    yard.kill(publisher)
    second = yard.spooler(wait_for_groups=("run.h5",))
    send(second, 0, run=NEXT_RUN)
    sink = yard.saver(second, "run.h5.1a2b3c4d")
    assert got(sink.read_items()) == [*whole(RUN, *range(20)), *whole(NEXT_RUN, 0)]
    sink.kill()
    send(second, 1, run=NEXT_RUN)
    yard.kill(second)
    third = yard.spooler()
    assert list(third.session.audience.groups) == ["run.h5.1a2b3c4d"]
    assert got(yard.saver(third, "run.h5.1a2b3c4d").read_items()) == whole(NEXT_RUN, 1)


def test_a_reader_without_a_name_is_remembered_as_long_as_after_any_break(yard: Yard) -> None:
    first = yard.spooler()
    reader = yard.reader(first, keep="all")
    reader.cut()
    send(first, 0, 1)
    yard.kill(first)
    second = yard.spooler()
    yard.reconnect(reader, second)
    assert reader.read_all() == [0, 1]
    reader.cut()
    send(second, 2)
    yard.kill(second)
    third = yard.spooler()
    assert third.session.audience.retention.stored[0] == 1
    yard.settle()
    yard.wait(ANONYMOUS_PATIENCE_S + 0.1)
    assert third.session.audience.groups == {}
    assert third.session.audience.retention.stored == (0, 0)


def test_frames_of_a_stream_that_the_reader_may_not_have_were_kept_in_vain(yard: Yard) -> None:
    publisher = yard.spooler(wait_for_groups=("saver",))
    send(publisher, 0, 1, stream="hall")
    send(publisher, 0, 1, stream="cam")
    reader = yard.saver(publisher, want=("cam",))
    assert [(item.stream, item.seq) for item in reader.read_items()] == [("cam", 0), ("cam", 1)]
    assert publisher.session.audience.retention.stored == (0, 0)


# coded video ------------------------------------------------------------------------------------------------------


def gop(first: int, run: int = RUN) -> list[Item]:
    """A key packet and four that need it."""
    return [packet(first + n, key=n == 0, run=run) for n in range(5)]


def test_coded_video_is_kept_from_a_key_on_and_delivered_after_a_restart(yard: Yard) -> None:
    first = yard.spooler()
    yard.away(first)
    first.send(*gop(0), *gop(5))
    yard.kill(first)
    second = yard.spooler()
    reader = yard.saver(second, packets=True)
    assert got(reader.read_items()) == whole(RUN, *range(10))


def test_who_joins_within_a_group_of_pictures_is_owed_it_too(yard: Yard) -> None:
    first = yard.spooler()
    yard.away(first, "one")
    first.send(*gop(0))
    yard.away(first, "two")
    first.send(packet(5))
    yard.kill(first)
    second = yard.spooler()
    for name in ("one", "two"):
        assert got(yard.saver(second, name, packets=True).read_items()) == whole(RUN, *range(6))


def test_coded_video_of_an_earlier_process_is_not_shared_either(yard: Yard) -> None:
    first = yard.spooler()
    yard.away(first, "pool")
    first.send(*gop(0))
    yard.kill(first)
    second = yard.spooler()
    yard.saver(second, "pool", packets=True, window_frames=1)
    other = yard.saver(second, "pool", packets=True)
    assert other.refusal is not None
    assert "takes one member" in other.refusal.message
