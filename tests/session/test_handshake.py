"""The connecting side: hello until welcomed, another address when nobody answers, patience when refused for now."""

from __future__ import annotations

from framebus.session.handshake import HELLO_S, NO_ANSWER_S, Calling
from framebus.wire.control import Welcome


def welcome(calling: Calling, attempt: int | None = None) -> Welcome:
    return Welcome(session=calling.session, role="publisher", attempt=calling.attempt if attempt is None else attempt)


def test_hello_is_due_once_a_second_until_welcomed() -> None:
    calling = Calling("ab", "peer")
    calling.dial(10.0)
    assert [calling.hello_due(10.0 + step / 4) for step in range(9)] == [step % 4 == 0 for step in range(9)]
    assert calling.attempt == 3
    assert calling.deadline() == 13.0
    calling.answered()
    assert not calling.hello_due(20.0)
    assert calling.deadline() is None


def test_nobody_answers() -> None:
    calling = Calling("ab", "peer")
    assert not calling.unanswered(100.0)
    calling.dial(0.0)
    for step in range(35):
        calling.hello_due(step / 10)
        assert not calling.unanswered(step / 10)
    assert calling.unanswered(NO_ANSWER_S)
    calling.dial(4.0)  # the next address
    assert not calling.unanswered(4.0 + NO_ANSWER_S - 0.1)
    calling.hello_due(4.0)
    calling.answered()
    assert not calling.unanswered(1000.0)


def test_when_the_other_side_is_lost_hello_is_said_at_once_and_the_clock_runs_from_then() -> None:
    calling = Calling("ab", "peer")
    calling.dial(0.0)
    calling.hello_due(0.0)
    calling.answered()
    calling.lost(100.0)
    assert calling.hello_due(100.0)
    calling.lost(101.0)  # the same absence
    assert calling.unanswered(100.0 + NO_ANSWER_S)


def test_refused_for_now_is_an_answer_and_tried_again_in_a_second() -> None:
    calling = Calling("ab", "peer")
    calling.dial(0.0)
    now = 0.0
    for _ in range(10):
        assert calling.hello_due(now)
        calling.refused("taken", now, retry=True)
        assert not calling.hello_due(now + HELLO_S / 2)
        assert not calling.unanswered(now + HELLO_S)
        now += HELLO_S
    assert calling.last_refusal == "taken"
    assert calling.refusal is None


def test_refused_for_good_is_final() -> None:
    calling = Calling("ab", "peer")
    calling.refused("never", 0.0, retry=False)
    assert calling.refusal == "never"
    assert not calling.hello_due(100.0)
    assert calling.deadline() is None


def test_only_the_answer_to_the_last_hello_counts_and_once() -> None:
    calling = Calling("ab", "peer")
    calling.hello_due(0.0)
    calling.hello_due(1.0)
    assert not calling.awaits("peer", welcome(calling, attempt=1))
    assert not calling.awaits("stranger", welcome(calling))
    assert not calling.awaits("peer", Welcome(session="cd", role="publisher", attempt=calling.attempt))
    assert calling.awaits("peer", welcome(calling))
    calling.answered()
    assert not calling.awaits("peer", welcome(calling))


def test_after_the_end_nothing_more_is_said() -> None:
    calling = Calling("ab", "peer")
    calling.hello_due(0.0)
    calling.answered()
    calling.end()
    calling.lost(5.0)
    calling.refused("the reader left", 5.0, retry=True)
    assert not calling.hello_due(100.0)
    assert not calling.unanswered(100.0)
    assert calling.deadline() is None
    assert calling.refusal is None
