"""One stream of the capture process: what can never be is not begun again, what may come back is."""

from __future__ import annotations

import threading

import pytest

from framebus.core.errors import Unavailable
from framebus.graph import streaming
from framebus.graph.plans import Stream
from framebus.graph.streaming import Streaming
from framebus.memory.pool import supported
from framebus.verbs.flow import Flow
from tests.waiting import until

pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")


@pytest.mark.parametrize(
    ("source", "why"),
    [("tcp://0.0.0.0:5555", "needs to know who may connect"), ("camra:0", "unknown scheme")],
    ids=["not allowed", "no such address"],
)
def test_what_can_never_be_has_failed_at_once(source: str, why: str) -> None:
    over = threading.Event()
    stream = Streaming("yard", Stream(source=source), over.set)
    until(over.is_set)
    figures = stream.figures()
    assert (figures.state, figures.restarts) == ("failed", 0)
    assert why in figures.why
    stream.end()


def test_what_may_come_back_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object, called: str) -> Flow:
        raise Unavailable("it is not there")

    monkeypatch.setattr(streaming, "assemble", away)
    stream = Streaming("yard", Stream(source="synthetic:"), lambda: None)
    until(lambda: stream.figures().restarts > 1)
    until(lambda: stream.figures().state == "again")
    assert stream.figures().why == "it is not there"
    stream.end()
