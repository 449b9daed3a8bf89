"""A place being read for the page: how its streams are."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

import framebus as fb
from framebus.web.intake import Intake
from tests.waiting import until


@pytest.fixture
def where(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def intake(where: str) -> Iterator[Intake]:
    made = Intake(where, {})
    made.streams["Door"] = "door"  # as the page calls it
    made.start(lambda item: None)
    yield made
    made.close()


def test_a_stream_whose_publisher_died_is_away_and_not_just_silent(where: str, intake: Intake) -> None:
    out = fb.publish(f"{where}/door")
    until(lambda: out.stats().readers)
    out.send(np.zeros((4, 4), np.uint8))
    until(lambda: intake.states)
    assert intake.states["Door"].state == "live"
    out.abandon()
    until(lambda: intake.states["Door"].state == "away")
    assert f"{where} is gone" in intake.states["Door"].why


def test_a_place_that_does_not_stop_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("framebus.web.intake.JOIN_S", 0.1)
    stuck, go_on = threading.Event(), threading.Event()

    def give(item: object) -> None:
        stuck.set()
        go_on.wait()

    made = Intake("synthetic:", {})
    made.start(give)
    stuck.wait()
    made.close()
    assert "synthetic: does not stop: its thread is left behind" in caplog.text
    go_on.set()
    until(lambda: not any(thread.name == "framebus-web synthetic:" for thread in threading.enumerate()))


def test_cameras_are_read_in_the_one_thread_that_waits_for_them() -> None:
    came = threading.Event()
    made = Intake("synthetic:", {})
    made.start(lambda item: came.set())
    try:
        assert came.wait(10)
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("framebus capture")]
    finally:
        made.close()
