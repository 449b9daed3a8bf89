"""max_fps: newest-only readers by the clock, lossless ones by capture time; what is left out is not missed."""

from __future__ import annotations

import pytest

from tests.session.desk import Desk, frame, pair


def play(rate: float, count: int, max_fps: float) -> list[tuple[int, int]]:
    desk, publisher, reader = pair(keep="latest", max_fps=max_fps)
    reader.ask()
    seen = []
    for seq in range(count):
        publisher.send(frame(seq, at=desk.now))
        seen += [(item.seq, item.missed) for item in reader.read_items()]
        desk.wait(1 / rate)
        seen += [(item.seq, item.missed) for item in reader.read_items()]
    return seen


@pytest.mark.parametrize(("rate", "max_fps"), [(100, 10), (30, 10), (25, 20), (60, 59)])
def test_newest_frames_come_at_that_rate_and_none_is_missed(rate: float, max_fps: float) -> None:
    seen = play(rate, int(4 * rate), max_fps)
    assert sum(missed for _, missed in seen) == 0
    assert abs(len(seen) - 4 * max_fps) <= 2


def test_a_slower_stream_is_left_alone() -> None:
    assert play(5, 20, 30) == [(seq, 0) for seq in range(20)]


def test_the_newest_frame_follows_when_its_time_has_come_without_another_one() -> None:
    desk, publisher, reader = pair(keep="latest", max_fps=1.0)
    reader.ask()
    publisher.send(frame(0), frame(1), frame(2))
    assert reader.read_all() == [0]
    desk.wait(0.99)
    assert reader.read_all() == []
    desk.wait(0.02)
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(2, 0)]


def test_what_a_slow_reader_missed_is_still_missed() -> None:
    desk, publisher, reader = pair(near=True, keep="latest", max_fps=10.0)
    reader.ask()
    for seq in range(40):
        publisher.send(frame(seq))
        desk.wait(0.05)
    items = reader.read_items()
    assert [item.seq for item in items] == [0, 39]
    assert items[1].missed == 38


@pytest.mark.parametrize("group", ["", "file"])
def test_lossless_readers_get_frames_by_when_they_were_captured_however_fast_they_come(group: str) -> None:
    desk = Desk()
    publisher = desk.publisher(live=False)
    reader = desk.reader(publisher, max_fps=10.0, group=group)
    publisher.send(*(frame(seq, at=seq / 30) for seq in range(90)))
    items = reader.read_items()
    assert [item.seq for item in items] == list(range(0, 90, 3))
    assert reader.missed == 0
    publisher.close()
    assert reader.session.finished
    assert reader.missed == 0


def test_a_clock_that_was_set_back_does_not_stop_the_stream() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False)
    reader = desk.reader(publisher, max_fps=1.0)
    publisher.send(frame(0, at=1000), frame(1, at=5), frame(2, at=5.5), frame(3, at=6))
    assert reader.read_all() == [0, 1, 3]


def test_a_break_does_not_turn_left_out_frames_into_missed_ones() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False)
    reader = desk.reader(publisher, max_fps=10.0)
    seen = []
    for seq in range(90):
        publisher.send(frame(seq, at=seq / 30))
        if seq % 20 == 10:
            seen += reader.read_all()
            reader.cut(down_s=0.1)
        desk.wait(0.2)
    seen += reader.read_all()
    assert seen == list(range(0, 90, 3))
    assert reader.missed == 0


def test_a_relays_left_out_frames_are_not_missed_further_on() -> None:
    _, publisher, reader = pair(keep="all")
    publisher.send(frame(0), frame(10), frame(20, missed=4), frame(30))
    items = reader.read_items()
    assert [(item.seq, item.missed) for item in items] == [(0, 0), (10, 0), (20, 4), (30, 0)]
    assert reader.missed == 4
