"""Processes of a system die, hang and cannot be: each comes back if it can, and nobody else notices."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.config.run import run
from framebus.core.errors import OpError, OptionError
from framebus.graph.view import failures
from framebus.memory.pool import supported
from tests.graph.stage import CAMERA, Condition, Stage, numbers

pytestmark = [
    pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes"),
    pytest.mark.usefixtures("ops"),
]


def gaps(folder: Path) -> int:
    """How many pictures are not there, between the first and the last that are."""
    found = numbers(folder)
    assert len(found) > 5
    return found[-1] - found[0] + 1 - len(found)


# what dies -----------------------------------------------------------------------------------------------


def test_a_pipe_that_is_killed_returns_and_the_others_do_not_notice(tmp_path: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("streams.gate", "pipes.look", "pipes.keep")
        others = stage.pids("streams", "pipes.keep")
        old = stage.kill("pipes.look")
        yield lambda: stage.views["pipes.look"].restarts == 1 and stage.live("pipes.look")()
        yield stage.moved("pipes.look")
        yield stage.moved("pipes.keep", 10)
        assert stage.views["pipes.look"].pid not in (0, old)
        assert stage.pids("streams", "pipes.keep") == others
        found = gaps(tmp_path / "kept")
        yield lambda: stage.views["streams.gate"].figures.missed >= found  # those nobody captured

    system = {
        "streams": {"gate": {**CAMERA, "fps": 15}},
        "pipes": {"look": {"source": "gate", "op": "ops.py:half"}, "keep": {"source": "gate", "sink": "kept/"}},
    }
    views = Stage(system, script).run()
    assert views["pipes.keep"].figures.missed <= views["streams.gate"].figures.missed
    assert views["pipes.keep"].restarts == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_capture_returns_and_its_readers_go_on(number: int) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.look")
        reader = stage.pids("pipes.look")
        stage.kill("streams", number)
        yield lambda: stage.views["streams"].restarts == 1 and stage.live("streams.gate")()
        yield stage.moved("pipes.look", 10)
        assert stage.pids("pipes.look") == reader

    Stage({"streams": {"gate": CAMERA}, "pipes": {"look": {"source": "gate", "sink": "null:"}}}, script).run()


def test_a_service_that_is_killed_returns_and_answers_again() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("services.mean", "pipes.look")
        yield stage.moved("services.mean")
        stage.kill("services.mean")
        yield lambda: stage.views["services.mean"].restarts == 1 and stage.live("services.mean")()
        yield stage.moved("services.mean")
        assert stage.views["pipes.look"].restarts == 0

    system = {
        "services": {"mean": {"op": "ops.py:Mean"}},
        "pipes": {"look": {"source": "synthetic:", "size": "64x48", "gather": {"light": "mean"}, "sink": "null:"}},
    }
    Stage(system, script).run()


def test_a_pipe_whose_op_kills_it_goes_on_after_each_death() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: stage.views["pipes.look"].restarts >= 2
        assert stage.views["streams"].restarts == 0

    system = {
        "streams": {"gate": CAMERA},
        "pipes": {"look": {"source": "gate", "op": "ops.py:deadly", "sink": "null:"}},
    }
    Stage(system, script).run()


def test_one_that_is_frozen_is_seen_to_be_and_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.graph.view.SILENT_S", 1.5)
    monkeypatch.setattr("framebus.graph.system.GRACE_S", 1.0)

    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.look", "pipes.other")
        stage.kill("pipes.look", signal.SIGSTOP)
        yield stage.state("pipes.look", "silent")
        yield stage.moved("pipes.other")

    pipe = {"source": "synthetic:", "size": "64x48", "sink": "null:"}
    views = Stage({"pipes": {"look": pipe, "other": pipe}}, script).run()
    assert {view.state for view in views.values()} == {"stopped"}


def test_one_that_prints_without_end_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.graph.system.GRACE_S", 0.5)

    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: len(stage.lines) > 1000 and stage.live("pipes.other")()
        yield stage.moved("pipes.other")

    pipe = {"source": "synthetic:", "size": "64x48", "sink": "null:"}
    Stage({"pipes": {"loud": {**pipe, "op": "ops.py:endless"}, "other": pipe}}, script).run()


# what cannot be ------------------------------------------------------------------------------------------


def test_a_dead_camera_is_a_state_and_the_others_are_not_concerned(free_port: int) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("streams.gate", "pipes.look")
        yield stage.state("streams.gone", "away")
        yield lambda: "cannot be reached" in stage.views["streams.gone"].why  # once it was tried
        yield stage.state("streams.lost", "again")
        assert "no such file" in stage.views["streams.lost"].why
        assert stage.views["streams"].restarts == 0

    system = {
        "streams": {"gate": CAMERA, "gone": f"rtsp://127.0.0.1:{free_port}/main", "lost": "lost.mp4"},
        "pipes": {"look": {"source": "gate", "sink": "null:"}, "save": {"source": "*", "sink": "null:"}},
    }
    Stage(system, script).run()


def test_what_comes_later_is_found(tmp_path: Path) -> None:
    from tests.clips import make_photos

    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.state("streams.photos", "again")
        make_photos(tmp_path / "photos")
        yield stage.state("pipes.look", "done")

    system = {"streams": {"photos": "photos/*.png"}, "pipes": {"look": {"source": "photos", "sink": "null:"}}}
    Stage(system, script).run()


def test_a_pipe_that_can_never_be_fails_with_its_reason_and_the_rest_goes_on() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.state("pipes.typo", "failed")
        yield stage.live("pipes.look")
        assert "did you mean half?" in stage.views["pipes.typo"].why

    pipe = {"source": "synthetic:", "size": "64x48", "sink": "null:"}
    views = Stage({"pipes": {"typo": {**pipe, "op": "ops.py:hal"}, "look": pipe}}, script).run()
    assert len(failures(list(views.values()))) == 1


def test_what_fails_for_good_is_raised_when_all_is_over() -> None:
    pipe = {"source": "synthetic:", "size": "64x48", "frames": 5, "sink": "null:"}
    with pytest.raises(OpError, match=r"^look: .*ops\.py:broken failed on frame 0 .*too dark$"):
        run({"pipes": {"look": {**pipe, "op": "ops.py:broken", "restart": "never"}, "fine": pipe}})


def test_a_service_that_cannot_be_built_says_why_and_is_tried_again() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: stage.views["services.never"].restarts >= 2
        assert "no weights" in stage.views["services.never"].why

    Stage({"services": {"never": {"op": "ops.py:Never"}}}, script).run()


def test_mistakes_are_raised_before_anything_starts() -> None:
    with pytest.raises(OptionError, match=r"^pipes\.look\.source 'gat' is no stream"):
        run({"streams": {"gate": "synthetic:"}, "pipes": {"look": {"source": "gat"}}})
