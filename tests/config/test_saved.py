"""A running system follows its file: what changed is started again, a broken file changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.memory.pool import supported
from tests.graph.stage import Condition, Stage

pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")

SYSTEM = """\
[streams]
gate = {{ source = "synthetic:", size = "64x48" }}
yard = {{ source = "synthetic:", size = "64x48", fps = {fps} }}

[pipes.a]
source = "gate"
sink = "null:"
max_fps = {max_fps}

[pipes.b]
source = "yard"
sink = "null:"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "yard.toml"
    save(path)
    return path


def save(path: Path, more: str = "", *, fps: int = 30, max_fps: int = 20) -> None:
    """As editors do it: beside the file, then in its place."""
    beside = path.with_suffix(".new")
    beside.write_text(SYSTEM.format(fps=fps, max_fps=max_fps) + more)
    beside.replace(path)


def told(stage: Stage, text: str) -> Condition:
    return lambda: any(text in word for word in stage.words)


def test_one_changed_table_is_one_restarted_process(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a", "pipes.b", "streams")
        old, *others = stage.pids("pipes.a", "pipes.b", "streams")
        save(file, max_fps=10)
        yield told(stage, "is applied: a changed")
        yield lambda: stage.views["pipes.a"].pid not in (0, old) and stage.live("pipes.a")()
        yield stage.moved("pipes.a")
        assert stage.pids("pipes.b", "streams") == others

    views = Stage(file, script).run()
    assert all(view.restarts == 0 for view in views.values())


def test_a_changed_camera_concerns_no_other_camera(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a", "pipes.b", "streams.gate", "streams.yard")
        pids = stage.pids("streams", "pipes.a", "pipes.b")
        save(file, fps=5)
        yield told(stage, "is applied: streams changed")
        yield lambda: 0 < stage.views["streams.yard"].figures.rate < 8
        yield stage.moved("pipes.b")
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids

    views = Stage(file, script).run()
    assert views["streams.gate"].figures.frames > views["streams.yard"].figures.frames
    assert [view.restarts for view in views.values()] == [0] * len(views)


def test_tables_come_and_go(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a", "pipes.b")
        pids = stage.pids("streams", "pipes.a", "pipes.b")
        save(file, "\n[pipes.c]\nsource = '*'\nsink = 'null:'\n")
        yield lambda: "pipes.c" in stage.views and stage.live("pipes.c")()
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids
        save(file)
        yield lambda: "pipes.c" not in stage.views
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids

    Stage(file, script).run()


def test_a_broken_file_is_told_and_changes_nothing(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a", "pipes.b")
        pids = stage.pids("streams", "pipes.a", "pipes.b")
        save(file, "max_fsp = 3\n[pipes.c]\n")
        yield told(stage, "is not applied: what runs goes on as it was")
        assert "line 13: pipes.b.max_fsp is not known: did you mean max_fps?" in stage.words[0]
        assert "line 14: pipes.c needs source" in stage.words[0]
        yield stage.moved("pipes.a", 10)
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids
        save(file)
        yield told(stage, "nothing changed")
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids

    Stage(file, script).run()


def test_a_file_that_would_let_anybody_in_is_not_applied(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a", "pipes.b")
        pids = stage.pids("streams", "pipes.a", "pipes.b")
        save(file, "\n[pipes.hub]\nsource = 'tcp://:5555'\nsink = 'null:'\n")
        yield told(stage, "is not applied: what runs goes on as it was")
        assert "pipes.hub: listening to the network needs to know who may connect" in stage.words[0]
        assert stage.pids("streams", "pipes.a", "pipes.b") == pids

    Stage(file, script).run()


def test_a_file_that_is_gone_changes_nothing_until_it_is_back(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a")
        file.unlink()
        yield stage.moved("pipes.a", 20)
        assert stage.words == []
        save(file, max_fps=10)
        yield told(stage, "is applied: a changed")

    Stage(file, script).run()


def test_what_failed_is_tried_again_once_the_file_says_otherwise(file: Path) -> None:
    (file.parent / "ops.py").write_text("def half(image): return image[::2, ::2].copy()\n")
    pipe = "\n[pipes.c]\nsource = 'gate'\nsink = 'null:'\nops = 'ops.py:{}'\n"
    save(file, pipe.format("hlaf"))

    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.state("pipes.c", "failed")
        save(file, pipe.format("half"))
        yield stage.live("pipes.c")

    Stage(file, script).run()


def test_it_can_be_told_to_read_the_file_again(file: Path) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.a")
        stage.system.reload()
        yield told(stage, "nothing changed")

    Stage(file, script).run()
