"""One frame at a time, each with its answer: what a station tells in one breath, in the order it happened."""

from __future__ import annotations

import contextlib
from typing import Any, cast

import numpy as np

from framebus.core.addresses import Link, parse
from framebus.core.frame import Frame
from framebus.links.fact import Fact
from framebus.links.old_sockets import Parts, Station
from framebus.sinks.dialects.request_reply import Asking
from framebus.sinks.dialects.send_queue import Letter, Outbox

HUB = cast("Link", parse("tcp://127.0.0.1:5555"))


class AnswersAndGoes:
    """A hub that answers what it is sent and is gone at once: both are there when somebody looks."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self._facts = [Fact("ready")]
        self._answers: list[Parts] = []

    def facts(self) -> list[Fact]:
        facts, self._facts = self._facts, []
        return facts

    def send(self, parts: Any) -> bool:
        self.sent.append(parts)
        self._answers.append(cast("Parts", [b"OK"]))
        self._facts.append(Fact("gone"))
        return True

    def receive(self) -> Parts | None:
        return self._answers.pop() if self._answers else None

    def wait(self, bell: int, until: float, *, room: bool = False) -> None:
        pass

    def close(self, linger_ms: int = 0) -> None:
        pass


def test_an_answer_counts_though_its_sender_is_gone_when_it_is_read() -> None:
    outbox, hubs, answers = Outbox("the hub", live=False, patience_s=10), list[AnswersAndGoes](), list[Any]()

    def connect(peer: object) -> Station:
        hubs.append(AnswersAndGoes())
        if len(hubs) > 1:
            outbox.stop("the answer was not heard")
        return cast("Station", hubs[-1])

    def answered(letter: Letter, parts: Parts) -> None:
        answers.append((letter.item.identity.seq, parts))
        outbox.stop("the test is over")

    frame = Frame.of(np.zeros((2, 3), np.uint8), stream="x", run=1, seq=7)
    outbox.put(Letter(frame, lambda: [b"x"], lambda: None))
    with contextlib.closing(outbox.bell):
        Asking(outbox, HUB.peers, connect, answered).run()
    assert answers == [(7, [b"OK"])]
    assert len(hubs) == 1, "a frame that was answered is not sent to the next hub"
