"""Absences: who went without a goodbye is waited for at the end, until it says goodbye, returns, or takes too long."""

from __future__ import annotations

from framebus.session.absences import Absences
from framebus.session.rules import ANONYMOUS_PATIENCE_S


def test_nobody_is_absent_at_first() -> None:
    absences = Absences()
    assert not absences
    assert absences.deadline() is None
    assert not absences.goodbye("anybody")


def test_one_that_returns_is_not_absent() -> None:
    absences = Absences()
    absences.begin("session", "group", 1.0, told_end=False)
    assert absences
    absences.end("session")
    assert not absences


def test_one_is_waited_for_no_longer_than_its_patience() -> None:
    absences = Absences()
    absences.begin("session", "group", 1.0, told_end=False)
    due = absences.deadline()
    assert due == 1.0 + ANONYMOUS_PATIENCE_S
    absences.tick(due - 0.1)
    assert absences
    absences.tick(due)
    assert not absences


def test_the_goodbye_of_one_member_is_the_groups() -> None:
    absences = Absences()
    absences.begin("first", "group", 1.0, told_end=True)
    absences.begin("second", "group", 1.0, told_end=False)
    absences.begin("other", "elsewhere", 1.0, told_end=False)
    assert absences.goodbye("first")
    absences.end("other")
    assert not absences


def test_a_group_may_say_goodbye_for_all_of_its_members() -> None:
    absences = Absences()
    absences.begin("first", "group", 1.0, told_end=True)
    assert not absences.goodbye("group")  # which session heard the end is not known
    assert not absences
