"""The loop of a service: what is taken in, handed out, answered, and what happens when it is stopped."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from framebus.core.bell import Bell
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Timeout
from framebus.core.frame import Frame
from framebus.links.receiving import LinkSource
from framebus.pool.calling import Said
from framebus.work.service_workers import Done, Hands
from framebus.work.serving import Serving


def asked(asker: str, number: int) -> Frame:
    return Frame.of(np.zeros((1, 1), np.uint8), stream=asker, run=1, seq=number)


class Questions:
    """A link on which some questions have come."""

    where = "tcp://here:7000"

    def __init__(self, *items: Frame) -> None:
        self.items = list(items)
        self.replies: list[tuple[str, int, Any, str]] = []
        self._bell = Bell()
        self._bell.ring()

    def take(self, timeout: float) -> Frame:
        """The next question."""
        assert timeout == 0
        if not self.items:
            self._bell.hush()
            raise Timeout("nothing there")
        return self.items.pop(0)

    def reply(self, item: Item, data: Any = None, arrays: Any = (), error: str = "") -> None:
        """Note the answer; `"huge"` does not travel."""
        if data == "huge":
            raise BadFrame("too large")
        self.replies.append((item.stream, item.seq, data, error))

    def fileno(self) -> int:
        """Readable while there are questions."""
        return self._bell.fileno()

    def close(self) -> None:
        """Nothing more."""
        self._bell.close()


class Scripted(Hands):
    """Answers at once; refuses the first `refusals` questions it is given. Stops the service after `stop_after`."""

    def __init__(self, refusals: int = 0, stop_after: int = 1, answer: Any = "seen") -> None:
        self.refusals, self.stop_after, self.answer = refusals, stop_after, answer
        self.given: list[tuple[str, int]] = []
        self.service: Serving | None = None
        self._done: list[Done] = []
        self._bell = Bell()
        self._bell.ring()

    @property
    def free(self) -> bool:
        return not self._done

    @property
    def busy(self) -> bool:
        return bool(self._done)

    def give(self, item: Item) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        self.given.append((item.stream, item.seq))
        self._done.append(Done(item, Said(self.answer)))
        if len(self.given) == self.stop_after and self.service is not None:
            self.service.stop()
        return True

    def finished(self) -> list[Done]:
        done, self._done = self._done, []
        return done

    def fileno(self) -> int:
        return self._bell.fileno()

    def close(self) -> None:
        self._bell.close()


def run(questions: Questions, hands: Scripted) -> Serving:
    with Serving("seen", cast(LinkSource, questions), hands) as service:
        hands.service = service
        service.run()
    return service


def test_askers_take_turns() -> None:
    much = [asked("much", number) for number in range(3)]
    hands = Scripted(stop_after=4)
    run(Questions(*much, asked("little", 0)), hands)
    assert hands.given == [("much", 0), ("little", 0), ("much", 1), ("much", 2)]


def test_what_nobody_could_take_after_all_is_given_again() -> None:
    questions, hands = Questions(asked("one", 0), asked("one", 1)), Scripted(refusals=3, stop_after=2)
    run(questions, hands)
    assert questions.replies == [("one", 0, "seen", ""), ("one", 1, "seen", "")]


def test_what_was_begun_when_it_is_stopped_is_answered_and_nothing_else() -> None:
    questions = Questions(*(asked("one", number) for number in range(5)))
    service = run(questions, Scripted(stop_after=2))
    assert [number for _, number, _, _ in questions.replies] == [0, 1]
    assert (service.answered, service.failed) == (2, 0)


def test_an_answer_too_large_to_travel_is_an_error() -> None:
    questions = Questions(asked("one", 0))
    service = run(questions, Scripted(answer="huge"))
    [(_, _, data, error)] = questions.replies
    assert data is None
    assert error.startswith("BadFrame: too large")
    assert service.failed == 1


def test_stopped_before_it_began_it_does_nothing() -> None:
    questions, hands = Questions(asked("one", 0)), Scripted()
    with Serving("seen", cast(LinkSource, questions), hands) as service:
        service.stop()
        service.run()
    assert questions.replies == []
