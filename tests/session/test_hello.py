"""Getting acquainted: hello, welcome, and the reasons for a refusal."""

from __future__ import annotations

import pytest

from framebus.session.acquaintance import BOTH_READ
from framebus.session.publisher import BOTH_PUBLISH, PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import PublisherRules, ReaderRules
from framebus.wire.control import VERSION, Hello, Party, Refuse, Welcome
from tests.session.desk import Desk, frame, pair

LATER = (VERSION + 1, VERSION + 2)


def test_a_reader_says_hello_until_it_is_welcomed() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.node.sleep(2.5)
    reader = desk.reader(publisher)
    desk.wait(2.4)
    assert not publisher.all_heard(Hello)
    desk.wait(0.2)
    said = [hello.attempt for hello in publisher.all_heard(Hello)]
    assert said == [1, 2, 3, 4]  # once a second, and once because it was asked who it is
    assert reader.session.calling is not None
    assert reader.session.calling.welcomed
    desk.wait(5)
    assert len(publisher.all_heard(Hello)) == 4


def test_the_welcome_says_how_the_reader_is_served_and_where_it_begins() -> None:
    desk = Desk()
    publisher = desk.publisher(live=True)
    publisher.send(frame(0), frame(1))
    reader = desk.reader(publisher, group="run", keep="all", exclusive=True, max_fps=5.0, want=("cam",))
    welcome = reader.welcome
    assert (welcome.role, welcome.keep, welcome.group, welcome.exclusive, welcome.max_fps) == (
        "publisher",
        "all",
        "run",
        True,
        5.0,
    )
    assert [(state.name, state.next) for state in welcome.streams] == [("cam", 2)]
    assert welcome.party.command == "python camera.py"


def test_a_publisher_that_calls_a_hub_is_welcomed_and_then_says_how_it_serves() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    publisher = desk.publisher(calls=hub, live=True)
    assert publisher.welcome.role == "reader"
    assert hub.welcome.role == "publisher"
    assert hub.welcome.keep == "all"


def test_an_answer_to_an_earlier_hello_comes_too_late() -> None:
    desk, _, reader = pair(keep="all")
    calling = reader.session.calling
    assert calling is not None
    late = reader.welcome
    assert not calling.awaits(calling.peer, late)
    calling.lost(desk.now)
    assert calling.hello_due(desk.now)
    assert not calling.awaits(calling.peer, late)


@pytest.mark.parametrize("role", ["publisher", "reader"])
def test_another_protocol_version_is_refused_saying_whom_to_upgrade(role: str) -> None:
    session: PublisherSession | ReaderSession
    theirs = Party(hostname="lab-pc", command="python record.py")
    if role == "publisher":
        session = PublisherSession(PublisherRules(), Party())
        session.received("x", Hello(session="ab", role="reader", versions=LATER, party=theirs), None, 0.0)
    else:
        session = ReaderSession(ReaderRules(), Party())
        session.received("x", Hello(session="ab", role="publisher", versions=LATER, party=theirs), 0.0)
    [(_, refusal)] = session.out
    assert isinstance(refusal, Refuse)
    assert refusal.code == "version"
    assert not refusal.retry
    assert "upgrade framebus for the side that listens" in refusal.message


def test_an_older_version_on_the_other_side_names_the_other_side() -> None:
    session = PublisherSession(PublisherRules(), Party())
    theirs = Party(hostname="lab-pc", command="python record.py")
    session.received("x", Hello(session="ab", role="reader", versions=(0, 0), party=theirs), None, 0.0)
    [(_, refusal)] = session.out
    assert isinstance(refusal, Refuse)
    assert "upgrade framebus for python record.py on lab-pc" in refusal.message


def test_two_publishers_are_told_that_one_should_read() -> None:
    desk = Desk()
    first = desk.publisher()
    second = desk.publisher(calls=first)
    calling = second.session.calling
    assert calling is not None
    assert calling.refusal == BOTH_PUBLISH
    said = len(first.all_heard(Hello))
    desk.wait(5)
    assert len(first.all_heard(Hello)) == said


def test_two_readers_are_told_that_one_should_publish() -> None:
    desk = Desk()
    hub = desk.reader()
    reader = desk.reader(hub)
    calling = reader.session.calling
    assert calling is not None
    assert calling.refusal == BOTH_READ


@pytest.mark.parametrize(("calls", "text"), [("publisher", BOTH_PUBLISH), ("reader", BOTH_READ)])
def test_whoever_called_sees_from_the_welcome_that_roles_do_not_fit(calls: str, text: str) -> None:
    desk = Desk()
    caller = desk.publisher(calls=desk.reader()) if calls == "publisher" else desk.reader(desk.publisher())
    calling = caller.session.calling
    assert calling is not None
    calling.lost(0.0)
    assert calling.hello_due(0.0)
    wrong = Welcome(session=calling.session, role=calls, attempt=calling.attempt)  # type: ignore[arg-type]
    if isinstance(caller.session, PublisherSession):
        caller.session.received(calling.peer, wrong, None, 0.0)
    else:
        caller.session.received(calling.peer, wrong, 0.0)
    assert calling.refusal == text


def test_a_new_session_over_the_same_connection_takes_the_place_of_the_old_one() -> None:
    session = PublisherSession(PublisherRules(), Party())
    for name in ("aa", "bb"):
        session.received("x", Hello(session=name, role="reader"), None, 0.0)
    assert [member.session for member in session.audience.members.values()] == ["bb"]
    assert list(session.audience.groups) == ["session:bb"]
