"""Readers are told, unasked, which streams do not come and why: when that changes, and when they come meanwhile."""

from __future__ import annotations

import pytest

from framebus.core.names import MAX_LENGTH
from framebus.session.publisher import PublisherSession
from framebus.wire.control import (
    MAX_CONDITIONS,
    MAX_CONTROL_BYTES,
    MAX_WHY,
    Credit,
    Ping,
    StreamCondition,
    encode,
)
from tests.session.desk import Desk, Listener, Speaker, frame, pair

AWAY = StreamCondition(name="cam", state="away", why="no route", for_s=3)


def trouble(publisher: Speaker, *conditions: StreamCondition) -> None:
    """From now on it is so; time passes."""
    publisher.session.tidings.troubles = lambda: {one.name: one for one in conditions}
    publisher.desk.wait(1.0)


def known(reader: Listener) -> list[StreamCondition]:
    """What the reader knows."""
    return [one for feed in reader.session.feeds.values() for one in feed.conditions.values()]


def told(reader: Listener) -> int:
    """How often it was told something."""
    return sum(ping.conditions is not None for ping in reader.all_heard(Ping))


def test_trouble_is_told_once_and_its_end_too() -> None:
    _, publisher, reader = pair()
    publisher.desk.wait(2.0)
    assert told(reader) == 0
    trouble(publisher, AWAY)
    assert known(reader) == [AWAY]
    trouble(publisher, StreamCondition(name="cam", state="away", why="no route", for_s=8))
    assert told(reader) == 1
    trouble(publisher)
    assert (known(reader), told(reader)) == ([], 2)


def test_who_comes_meanwhile_is_told_at_once() -> None:
    desk, publisher, _ = pair()
    trouble(publisher, AWAY)
    late = desk.reader(publisher, "late")
    assert known(late) == [AWAY]


def test_only_of_streams_that_are_read() -> None:
    yard = StreamCondition(name="yard", state="stalled")
    _, publisher, reader = pair(want=("yard",))
    trouble(publisher, AWAY, yard)
    assert known(reader) == [yard]


@pytest.mark.parametrize("letter", ["a", "é", "雪", "😀", "\x01"])
def test_whatever_is_told_fits_into_a_message(letter: str) -> None:
    names = [f"{number:x<{MAX_LENGTH}}" for number in range(2 * MAX_CONDITIONS)]
    told = [StreamCondition(name=name, state="stalled", why=MAX_WHY * letter, for_s=1e9) for name in names]
    _, publisher, reader = pair()
    trouble(publisher, *told)
    assert known(reader) == told[:MAX_CONDITIONS]
    (last,) = [ping for ping in reader.all_heard(Ping) if ping.conditions]
    assert len(encode(last)) <= MAX_CONTROL_BYTES


def test_a_publisher_that_is_gone_has_told_nothing() -> None:
    _, publisher, reader = pair()
    trouble(publisher, AWAY)
    publisher.kill()
    reader.desk.wait(5.0)
    assert known(reader) == []


def test_frames_go_on_as_if_nothing_was_said() -> None:
    _, publisher, reader = pair(keep="all")
    reader.ask()
    publisher.send(frame(0))
    trouble(publisher, AWAY)
    publisher.send(frame(1))
    assert reader.read_all() == [0, 1]


def test_who_reads_with_one_credit_is_told_frames_alone() -> None:
    desk = Desk()
    publisher = desk.publisher()
    session: PublisherSession = publisher.session
    session.received("plain", Credit(want="cam", credit=1), None, desk.now)
    session.tidings.troubles = lambda: {"cam": AWAY}
    session.tick(desk.now + 10)
    assert not [action for _, action in session.out if isinstance(action, Ping)]


def test_a_great_many_are_told_in_part() -> None:
    _, publisher, reader = pair()
    trouble(publisher, *(StreamCondition(name=f"cam{n}", state="away") for n in range(2 * MAX_CONDITIONS)))
    assert len(known(reader)) == MAX_CONDITIONS


def test_it_is_not_looked_for_at_every_turn() -> None:
    publisher = Desk().publisher()
    asked = 0

    def troubles() -> dict[str, StreamCondition]:
        nonlocal asked
        asked += 1
        return {}

    publisher.session.tidings.troubles = troubles
    for turn in range(100):
        publisher.session.tick(1.0 + turn / 100)
    assert asked == 2
