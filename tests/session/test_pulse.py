"""The pulse: silence is asked about after a second and means absence after three; the sleeper excuses everybody."""

from __future__ import annotations

import pytest

from framebus.session.pulse import ASK_S, CHECK_S, SILENCE_S, Pulse
from framebus.wire.control import Hello, Ping
from tests.session.desk import Desk, Listener, Speaker, frame, pair


def test_who_is_silent_for_a_second_is_asked_once_a_second() -> None:
    desk, publisher, reader = pair()
    reader.freeze(1e6)
    desk.wait(ASK_S - 0.1)
    pulse = publisher.session._pulse
    assert not pulse._asked
    desk.wait(CHECK_S + 0.1)
    assert list(pulse._asked) == list(publisher.session.audience.members)


def _pair(desk: Desk, *, hub: bool) -> tuple[Speaker, Listener]:
    if hub:
        reader = desk.reader()
        return desk.publisher(calls=reader), reader
    publisher = desk.publisher()
    return publisher, desk.reader(publisher)


@pytest.mark.parametrize("hub", [False, True])
def test_an_answer_keeps_it(hub: bool) -> None:
    desk = Desk()
    publisher, reader = _pair(desk, hub=hub)
    hellos = len(publisher.all_heard(Hello) + reader.all_heard(Hello))
    desk.wait(60)
    assert len(publisher.session.audience.members) == 1
    assert not reader.session.away
    assert len(publisher.all_heard(Hello) + reader.all_heard(Hello)) == hellos
    assert len(publisher.all_heard(Ping) + reader.all_heard(Ping)) > 20


@pytest.mark.parametrize("hub", [False, True])
def test_who_stays_silent_is_away_within_three_and_a_half_seconds(hub: bool) -> None:
    desk = Desk()
    publisher, reader = _pair(desk, hub=hub)
    desk.wait(0.3)
    (publisher if hub else reader).freeze(1e6)
    desk.wait(SILENCE_S - 0.4)
    assert len(publisher.session.audience.members) == 1
    assert not reader.session.away
    desk.wait(CHECK_S + 0.4)
    assert not publisher.session.audience.members
    assert reader.session.away


def test_after_a_silent_partition_everything_goes_on() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(frame(0))
    reader.freeze(6)
    publisher.send(*map(frame, range(1, 5)))
    desk.wait(7)
    assert reader.read_all() == [0, 1, 2, 3, 4]
    assert publisher.retained == 0


@pytest.mark.parametrize("sleeper", ["publisher", "reader"])
def test_a_process_that_slept_excuses_everybody(sleeper: str) -> None:
    desk, publisher, reader = pair()
    seat = publisher if sleeper == "publisher" else reader
    other = reader if sleeper == "publisher" else publisher
    other.node.sleep(100)  # it cannot say anything in the meantime
    seat.node.sleep(60)
    desk.wait(60.5)
    assert len(publisher.session.audience.members) == 1
    assert not reader.session.away


def test_but_not_for_longer_than_it_slept() -> None:
    pulse = Pulse()
    pulse.heard("peer", 0.0)
    pulse.heard("other", 0.0)
    pulse.heard("peer", 3600.0)  # the first thing after waking up
    assert pulse.check(3600.1) == ([], [])
    silent: list[float] = []
    now = 3600.1
    while not silent and now < 3700:
        now += CHECK_S
        if "peer" in pulse.check(now)[1]:
            silent.append(now)
    assert silent
    assert silent[0] <= 3600.1 + SILENCE_S + CHECK_S


def test_there_is_always_a_next_check_while_somebody_is_watched() -> None:
    pulse = Pulse()
    assert pulse.deadline() is None
    pulse.heard("peer", 0.7657918242881794)
    for _ in range(100):
        at = pulse.deadline()
        assert at is not None
        pulse.check(at)
        after = pulse.deadline()
        assert after is not None
        assert after > at
    pulse.forget("peer")
    assert pulse.deadline() is None
