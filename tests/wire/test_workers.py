"""The four messages of image-folder workers."""

from __future__ import annotations

import os
import pickle
from typing import Any

import pytest
from hypothesis import given

from framebus.core.errors import BadFrame
from framebus.wire.dialects import split_envelope, workers
from framebus.wire.dialects.workers import Quit, Request, Result, Task
from tests.wire.arrivals import settle, spoiled
from tests.wire.test_pickles import Reduced

SAID = {"incoming_image": "photos/é.jpg", "worker_id": 3, "status": 1}
REQUEST = [b"req", b""]
RESULT = [b"rsp", pickle.dumps(SAID)]
TASK = [b"", "photos/é.jpg".encode()]
QUIT = [b"quit", b""]


def test_request() -> None:
    assert workers.encode(Request()) == [b"", *REQUEST]
    assert split_envelope([b"\0id", *workers.encode(Request())]) == ([b"\0id", b""], REQUEST)
    assert workers.decode_at_server(REQUEST) == Request()


def test_task() -> None:
    assert workers.encode(Task("photos/é.jpg")) == TASK
    assert workers.decode_at_worker(TASK) == Task("photos/é.jpg")


def test_result() -> None:
    assert workers.decode_at_server(RESULT) == Result("photos/é.jpg", 3, True)
    assert workers.decode_at_server([b"rsp", pickle.dumps({**SAID, "status": 0})]) == Result("photos/é.jpg", 3, False)
    empty, kind, body = workers.encode(Result("photos/é.jpg", 3, True))
    assert (empty, kind, pickle.loads(body)) == (b"", b"rsp", SAID)  # noqa: S301  (our own bytes)


def test_quit() -> None:
    assert workers.encode(Quit()) == QUIT
    assert workers.decode_at_worker(QUIT) == Quit()


@pytest.mark.parametrize(
    ("parts", "known"), [(REQUEST, True), (RESULT, True), (QUIT, True), (TASK, False), ([], False)]
)
def test_recognise(parts: list[bytes], known: bool) -> None:
    assert workers.recognise(parts) == known


@pytest.mark.parametrize(
    "said",
    [
        "done",
        {},
        {**SAID, "status": 2},
        {**SAID, "status": None},
        {**SAID, "worker_id": "3"},
        {**SAID, "worker_id": True},
        {**SAID, "incoming_image": b"x"},
        {**SAID, "incoming_image": ""},
        {**SAID, "incoming_image": "a\0b"},
        {**SAID, "incoming_image": "a" * 5000},
        {**SAID, "more": "x" * 70000},
        Reduced(os.system, "x"),
    ],
    ids=lambda said: type(said).__name__,
)
def test_results_that_are_none(said: Any) -> None:
    with pytest.raises(BadFrame):
        workers.decode_at_server([b"rsp", pickle.dumps(said)])


@pytest.mark.parametrize("parts", [[], [b"req"], [b"req", b"x"], [b"rsp", b""], [b"reqs", b""], [b"quit", b""], TASK])
def test_what_a_server_refuses(parts: list[bytes]) -> None:
    with pytest.raises(BadFrame):
        workers.decode_at_server(parts)


@pytest.mark.parametrize(
    "parts", [[], [b""], [b"", b""], [b"", b"\xff"], [b"", b"a\0"], [b"", b"x" * 5000], [b"quit", b"x"], REQUEST]
)
def test_what_a_worker_refuses(parts: list[bytes]) -> None:
    with pytest.raises(BadFrame):
        workers.decode_at_worker(parts)


@given(spoiled([REQUEST, RESULT, TASK, QUIT]))
def test_whatever_arrives_is_a_message_or_refused(parts: list[bytes]) -> None:
    settle(lambda: workers.decode_at_server(parts))
    settle(lambda: workers.decode_at_worker(parts))
