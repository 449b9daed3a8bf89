"""Observers: they ask for the status and count for nothing."""

from __future__ import annotations

from typing import Any

from framebus.session.rules import PublisherRules
from framebus.wire import control
from framebus.wire.control import Hello, Observe, Party, Ping, Welcome
from tests.session.desk import Desk, Speaker, frame

SESSION = "00000000000000ab"


def ask(publisher: Speaker, peer: str = "info") -> Any:
    publisher.session.received(peer, Observe(session=SESSION), None, publisher.desk.now)
    [status] = [action for _, action in publisher.session.out if isinstance(action, Observe)]
    publisher.session.out.clear()
    answer = control.decode(control.encode(status))  # it fits into a control message
    assert isinstance(answer, Observe)
    return answer.status


def test_the_status_says_what_is_published_and_who_reads() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, "viewer")
    lossless = desk.reader(publisher, "saver", keep="all", group="run.h5")
    publisher.send(frame(0), frame(1))
    lossless.read()
    status = ask(publisher)
    assert [(stream["name"], stream["frames"]) for stream in status["streams"]] == [("cam", 2)]
    assert status["retained_bytes"] == 200
    viewer, saver = status["readers"]
    assert (viewer["keep"], viewer["missed"], viewer["away"]) == ("latest", 1, False)
    assert (saver["group"], saver["keep"], saver["owed"], saver["command"]) == ("run.h5", "all", 2, "python view.py")


def test_frames_left_out_or_lost_on_the_way_here_are_not_counted_as_frames() -> None:
    publisher = Desk().publisher()
    publisher.send(frame(10), frame(13), frame(20, missed=2))  # every third was wanted; two were lost
    [cam] = ask(publisher)["streams"]
    assert cam["frames"] == 3
    publisher.session.skip("cam", frame(0).run)  # nobody took it, but it was made
    [cam] = ask(publisher)["streams"]
    assert cam["frames"] == 4
    publisher.send(frame(5, run=77, missed=5))
    [cam] = ask(publisher)["streams"]
    assert cam["frames"] == 1


def test_a_camera_from_which_nothing_came_yet_is_listed_with_how_it_is() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(frame(0))
    away = {"state": "away", "why": "no route", "since_ns": 7}
    publisher.session.on_status = lambda: {"cam": {"state": {"state": "live"}}, "yard": {"state": away}}
    cam, yard = ask(publisher)["streams"]
    assert (cam["name"], cam["frames"], cam["state"]) == ("cam", 1, {"state": "live"})
    assert (yard["name"], yard["frames"], yard["state"]) == ("yard", 0, away)


def test_a_group_that_is_away_is_listed() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for_groups=("run.h5",))
    publisher.send(frame(0))
    [reader] = ask(publisher)["readers"]
    assert (reader["group"], reader["away"], reader["owed"]) == ("run.h5", True, 1)


def test_an_observer_satisfies_neither_n_nor_wait_for() -> None:
    desk = Desk()
    publisher = desk.publisher(wait_for=1)
    publisher.session.received("info", Hello(session=SESSION, role="observer"), None, desk.now)
    assert isinstance(publisher.session.out[-1][1], Welcome)
    ask(publisher)
    assert not publisher.session.started()
    live = desk.publisher("live")
    live.session.received("info", Hello(session=SESSION, role="observer"), None, desk.now)
    assert live.session.idle


def test_an_observer_that_stays_is_asked_whether_it_is_there() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.session.received("info", Hello(session=SESSION, role="observer"), None, desk.now)
    publisher.session.tick(desk.now + 1.2)
    assert any(isinstance(action, Ping) for _, action in publisher.session.out)


def test_an_observer_does_not_hold_up_the_end() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.session.received("info", Hello(session=SESSION, role="observer"), None, desk.now)
    publisher.session.close(desk.now)
    assert publisher.session.finished


def test_what_the_carrier_knows_besides_is_added() -> None:
    publisher = Desk().publisher()
    publisher.send(frame(0))
    publisher.session.on_status = lambda: {"cam": {"rate": 25.0}}
    assert ask(publisher)["streams"][0]["rate"] == 25.0


def test_everybody_is_told_who_publishes() -> None:
    rules = PublisherRules()
    assert rules.live
    publisher = Desk().publisher("lab-pc")
    publisher.session.received("info", Hello(session=SESSION, role="observer", party=Party(pid=9)), None, 0.0)
    [(_, welcome)] = publisher.session.out
    assert isinstance(welcome, Welcome)
    assert welcome.party.hostname == "lab-pc"
