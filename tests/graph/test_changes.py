"""What is said about a system where nobody watches a table: each change once."""

from __future__ import annotations

from framebus.graph.changes import Changes
from framebus.graph.channel import Figures
from framebus.graph.view import Kind, View


def view(state: str, why: str = "", *, restarts: int = 0, kind: Kind = "pipe", name: str = "look") -> View:
    return View(key=f"pipes.{name}", name=name, kind=kind, state=state, why=why, figures=Figures(), restarts=restarts)


def said(*views: View) -> list[str]:
    """All that is said when it is seen like this, one after the other."""
    changes = Changes()
    return [text for one in views for _, text in changes.of([one])]


def test_a_start_is_said_once() -> None:
    assert said(view("starting"), view("waiting"), view("live"), view("live"), view("done")) == [
        "look is live",
        "look is done",
    ]


def test_waiting_for_frames_comes_and_goes_without_a_word() -> None:
    assert said(view("live"), view("waiting", "for frames"), view("live"), view("waiting"), view("live")) == [
        "look is live"
    ]


def test_a_restart_is_said_with_its_reason_also_where_nobody_saw_it_away() -> None:
    seen = said(view("live"), view("starting", "was killed", restarts=1), view("live", restarts=1))
    assert seen == ["look is live", "look is started again: was killed", "look is live"]


def test_a_restart_that_was_over_before_anybody_looked_is_said_with_its_reason() -> None:
    returned = view("live", restarts=1)
    returned.death = "was killed"
    assert said(view("live"), returned, returned) == ["look is live", "look is started again: was killed"]


def test_a_restart_is_said_in_the_same_words_where_it_waits_for_its_turn() -> None:
    pausing = view("again", "was killed", restarts=1)
    pausing.death = "was killed"
    assert said(view("live"), pausing) == ["look is live", "look is started again: was killed"]


def test_a_second_restart_is_said_again() -> None:
    first, second = view("starting", "was killed", restarts=1), view("starting", "was killed", restarts=2)
    assert said(first, view("live", restarts=1), second).count("look is started again: was killed") == 2


def test_what_cannot_start_is_said_once_for_each_reason() -> None:
    views = [view("again", "no disk", restarts=number) for number in range(5)]
    assert said(*views, view("again", "no file", restarts=6)) == [
        "look is tried again: no disk",
        "look is tried again: no file",
    ]


def test_what_cameras_say_themselves_is_not_said_twice() -> None:
    camera = view("away", "no route", kind="stream")
    assert said(view("live", kind="stream"), camera, view("live", kind="stream")) == ["look is live", "look is live"]


def test_failing_for_good_is_said() -> None:
    assert said(view("failed", "no such op")) == ["look has failed: no such op"]
    assert said(view("silent", "it is stopped")) == ["look does not answer: it is stopped"]
