"""Calling the one an end connects to, and calling again."""

from __future__ import annotations

import socket as system
import threading
import time
from contextlib import ExitStack, closing

import pytest

from framebus.links.caller import DOUBT_S
from framebus.links.carrier import CALLED
from framebus.links.dialling import TcpDial
from framebus.links.switchboard import Switchboard
from tests.links.boards import PATIENCE_S, End, Place, calls, introduced, is_quiet, listens, says, until
from tests.links.fakes import Fake, FakeDial, dials


def test_a_caller_may_be_there_first(stack: ExitStack, place: Place) -> None:
    caller = calls(stack, place)
    for _ in range(3):
        until(lambda: caller.board.deadline is not None and is_quiet(caller), caller)
        caller.look_when_due()
    server = listens(stack, place)
    introduced(server, caller)

    assert caller.times_ready() == 1
    assert caller.texts() == []


def test_a_caller_comes_back_each_time_and_says_so(stack: ExitStack, place: Place) -> None:
    caller = calls(stack, place)
    for count in (1, 2, 3):
        server = listens(stack, place)
        until(lambda count=count: caller.times_ready() == count, server, caller)  # type: ignore[misc]
        says(caller, CALLED, b"%d" % count)
        until(lambda server=server: server.heard, server, caller)  # type: ignore[misc]
        assert server.messages == [[b"%d" % count]]
        server.close()
        gone = caller.gone.count(CALLED)
        until(lambda gone=gone: caller.gone.count(CALLED) > gone, caller)  # type: ignore[misc]

    assert caller.texts() == []
    assert caller.times_ready() == 3


def test_nobody_waits_for_the_name_service(stack: ExitStack, tcp: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer = threading.Event()

    def look_up(host: str, port: int, **options: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        assert may_answer.wait(PATIENCE_S)
        return [(system.AF_INET, system.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    server = listens(stack, tcp)
    monkeypatch.setattr(system, "getaddrinfo", look_up)
    caller = stack.enter_context(closing(End(Switchboard(dial=TcpDial("tcp://porch", "porch", tcp.port)))))
    for _ in range(5):
        caller.turn()
        caller.look_when_due()
    assert caller.gone == []
    may_answer.set()
    introduced(server, caller)

    assert caller.texts() == []


# with connections that do as they are told ------------------------------------------------------------------------


def test_whom_we_called_is_no_stranger(stack: ExitStack) -> None:
    fake = Fake()
    dials(stack, FakeDial(fake))

    assert fake.admitted


def test_whom_we_called_is_a_stranger_until_hands_were_shaken(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    end = dials(stack, FakeDial(fake))
    before = fake.admitted
    fake.shakes_hands = True
    fake.says(b"hello")
    end.turn()

    assert (before, fake.admitted) == (False, True)


def test_attempts_are_made_when_they_are_due_and_not_before(stack: ExitStack) -> None:
    dial = FakeDial()
    end = dials(stack, dial)
    for count in (1, 2, 3):
        assert dial.tries == count
        due = end.board.deadline
        assert due is not None
        end.look(due - 0.01)
        assert dial.tries == count
        end.look(due)

    assert end.gone == []
    assert end.texts() == []


@pytest.mark.parametrize(("ready", "why", "pause_s"), [(True, "", 0.25), (False, "", 0.5), (True, "it refused", 2.0)])
def test_how_it_ended_decides_when_the_next_attempt_is_made(
    stack: ExitStack, ready: bool, why: str, pause_s: float
) -> None:
    first, second = Fake(ready=ready), Fake()
    end = dials(stack, FakeDial(first, second))
    end.turn()
    before = time.monotonic()
    first.ends(why)
    end.turn()
    after = time.monotonic()

    assert end.gone == [CALLED]
    due = end.board.deadline
    assert due is not None
    assert before + pause_s <= due <= after + pause_s
    end.look(after + pause_s)
    assert end.board.send(CALLED, b"x")
    assert second.sent == [b"x"]


def test_that_nobody_listens_is_no_news_for_people(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    end = dials(stack, FakeDial(fake))
    fake.ends("connection refused")
    end.turn()

    assert end.gone == [CALLED]
    assert end.texts() == []


def test_why_we_were_refused_is_told_once(stack: ExitStack) -> None:
    fakes = [Fake(ready=False) for _ in range(4)]
    end = dials(stack, FakeDial(*fakes))
    for fake in fakes[:3]:
        fake.ends("it is a PUB socket")
        end.turn()
        end.look_when_due()

    assert end.gone == [CALLED] * 3
    assert end.texts() == ["fake://there: it is a PUB socket"]
    assert not any(fact.final for fact in end.facts)


def test_one_that_wants_keys_is_not_called_again_without(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    fake.keyed = True
    dial = FakeDial(fake)
    end = dials(stack, dial)
    fake.ends("it wants keys (CURVE) and this side speaks without")
    end.turn()
    end.look_later(1000)

    assert end.gone == [CALLED]
    assert [fact.final for fact in end.facts if fact.kind == "refused"] == [True]
    assert "fake://there lets nobody in without a key" in end.texts()[0]
    assert dial.tries == 1
    assert end.board.deadline is None


def test_one_who_is_elsewhere_by_now_is_called_there(stack: ExitStack) -> None:
    wrong, right = Fake("wrong"), Fake("right")
    dial = FakeDial(wrong, right)
    dial.doubtful = True
    end = dials(stack, dial)
    end.turn()
    for _ in range(3):
        end.look_when_due()
    assert end.gone == []

    dial.moved = True
    end.look_when_due()
    assert wrong.closed
    assert end.gone == [CALLED]
    dial.doubtful = False
    end.look_when_due()
    assert [fact.peer for fact in end.facts if fact.kind == "ready"] == ["wrong", "right"]
    assert end.board.deadline is None


def test_one_who_is_certain_is_not_doubted(stack: ExitStack) -> None:
    fake = Fake()
    dial = FakeDial(fake)
    dial.moved = True
    end = dials(stack, dial)
    end.look_later(100 * DOUBT_S)

    assert not fake.closed
