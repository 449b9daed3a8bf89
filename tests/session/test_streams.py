"""Several streams on one port: chosen by name or prefix, numbered and counted each for itself."""

from __future__ import annotations

import pytest

from framebus.session.rules import MAX_STREAMS
from framebus.wire.control import Refuse
from tests.session.desk import RUN, Desk, frame, pair

STREAMS = ("yard-left", "yard-right", "hall", "yard")


@pytest.mark.parametrize(
    ("want", "expected"),
    [
        ((), STREAMS),
        (("",), STREAMS),
        (("*",), STREAMS),
        (("hall",), ("hall",)),
        (("yard-*",), ("yard-left", "yard-right")),
        (("yard*",), ("yard-left", "yard-right", "yard")),
        (("hall", "yard-l*"), ("yard-left", "hall")),
        (("attic",), ()),
    ],
)
@pytest.mark.parametrize("keep", ["latest", "all"])
def test_by_name_or_prefix(want: tuple[str, ...], expected: tuple[str, ...], keep: str) -> None:
    _, publisher, reader = pair(keep=keep, want=want)
    reader.ask()
    publisher.send(*(frame(0, stream) for stream in STREAMS))
    assert {item.stream for item in reader.read_items()} == set(expected)
    publisher.close()
    assert reader.session.finished
    assert reader.missed == 0


def test_what_was_not_wanted_is_not_owed() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, keep="all", group="file", want=("left",))
    publisher.send(frame(0, "right"))
    assert publisher.retained == 0


def test_a_stream_that_begins_later_is_read_from_its_first_frame() -> None:
    _, publisher, reader = pair(keep="all")
    publisher.send(frame(0, "left"))
    publisher.send(frame(5, "right"), frame(6, "right"))
    assert [(item.stream, item.seq, item.missed) for item in reader.read_items()] == [
        ("left", 0, 0),
        ("right", 5, 0),
        ("right", 6, 0),
    ]


def test_each_stream_has_its_own_numbers_and_its_own_newest_frame() -> None:
    _, publisher, reader = pair()
    publisher.send(*(frame(seq, stream) for seq in range(3) for stream in ("left", "right")))
    reader.ask()
    assert [(item.stream, item.seq, item.missed) for item in reader.read_items()] == [("left", 2, 2), ("right", 2, 2)]
    assert reader.session.missed == {"left": 2, "right": 2}


def test_the_next_number_of_each() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(frame(0, "left"), frame(7, "right"))
    assert [publisher.session.next_number(name, RUN) for name in ("left", "right", "new")] == [1, 8, 0]


def test_frames_missed_before_they_came_here_are_missed() -> None:
    desk = Desk()
    publisher = desk.publisher()
    alone = desk.reader(publisher, "alone", keep="all")
    sharing = desk.reader(publisher, "sharing", keep="all", group="work")
    publisher.send(frame(0), frame(5, missed=4), frame(6))
    assert [item.missed for item in alone.read_items()] == [0, 4, 0]
    assert [item.missed for item in sharing.read_items()] == [0, 4, 0]


def test_a_new_run_passed_on_starts_from_its_own_first_frame() -> None:
    desk = Desk()
    publisher = desk.publisher()
    readers = [desk.reader(publisher, name, keep="all", group=group) for name, group in (("a", ""), ("b", "b"))]
    publisher.send(frame(0), frame(1), frame(40, run=RUN + 1, missed=3), frame(41, run=RUN + 1))
    for reader in readers:
        assert [(item.seq, item.missed) for item in reader.read_items()] == [(0, 0), (1, 0), (40, 3), (41, 0)]


def test_a_publisher_with_names_without_end_is_sent_away() -> None:
    desk = Desk()
    hub = desk.reader(keep="all", window_frames=2 * MAX_STREAMS)
    publisher = desk.publisher(calls=hub)
    for number in range(MAX_STREAMS + 1):
        publisher.send(frame(0, f"s{number}"))
    assert f"more than {MAX_STREAMS} streams" in publisher.all_heard(Refuse)[-1].message


def test_a_first_frame_that_says_it_missed_more_than_were_made_harms_nobody() -> None:
    _, publisher, reader = pair(keep="all")
    publisher.send(frame(2).replace(missed=9), frame(3), frame(1, run=RUN + 1).replace(missed=9))
    read = [(item.run - RUN, item.seq, item.missed) for item in reader.read_items()]
    assert read == [(0, 2, 2), (0, 3, 0), (1, 1, 1)]
