"""A file that runs is not run a second time, unless it makes other things then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.config.parsing import read
from framebus.config.single_run import Once, refuse_second
from framebus.core.errors import Unavailable
from framebus.links import directory
from framebus.memory.pool import supported
from tests.graph.stage import Condition, Stage

SYSTEM = """\
[streams]
gate = "synthetic:"

[pipes.small]
source = "gate"
sink = "tcp://localhost:${PORT}/small"
"""
RECORDING = '[pipes.save]\nsource = "synthetic:"\nsink = "${SITE}/{stream}/"\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORT", "5601")
    path = tmp_path / "yard.toml"
    path.write_text(SYSTEM)
    return path


def test_a_file_that_runs_is_refused_with_the_process_that_runs_it(file: Path) -> None:
    with (
        Once(read(file)),
        pytest.raises(Unavailable, match=rf"yard\.toml runs already, as process {os.getpid()}: .*kill {os.getpid()} "),
    ):
        Once(read(file))


def test_it_is_the_same_file_by_whatever_name_it_is_called(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    with Once(read(file)), pytest.raises(Unavailable, match=r"link\.toml runs already"):
        Once(read(link))


def test_one_that_has_ended_is_in_nobodys_way(file: Path) -> None:
    Once(read(file)).close()
    with Once(read(file)):
        pass
    assert directory.entries() == []


def test_another_file_is_another_system(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SYSTEM)
    with Once(read(file)), Once(read(other)):
        pass


def test_a_file_that_makes_other_things_in_another_environment_may_run_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(RECORDING)
    monkeypatch.setenv("SITE", "north")
    with Once(read(file)):
        monkeypatch.setenv("SITE", "south")
        with Once(read(file)), pytest.raises(Unavailable):
            Once(read(file))


def test_one_name_of_several_is_enough(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Once(read(file)):
        monkeypatch.setenv("PORT", "5602")
        with pytest.raises(Unavailable, match="runs already"):
            Once(read(file))


def test_what_is_saved_meanwhile_counts(file: Path) -> None:
    with Once(read(file)) as once:
        file.write_text('[streams]\nyard = "synthetic:"\n')
        once.now(read(file))
        with pytest.raises(Unavailable, match="runs already"):
            Once(read(file))


def test_of_two_that_begin_at_once_the_first_stays(file: Path) -> None:
    path, makes = str(file.resolve()), ("shm://gate",)
    with (
        directory.register("system", path, streams=makes) as first,
        directory.register("system", path, streams=makes) as second,
    ):
        refuse_second(read(file), first)
        with pytest.raises(Unavailable, match="runs already"):
            refuse_second(read(file), second)


def test_a_dict_may_run_as_often_as_its_names_allow() -> None:
    system = {"pipes": {"a": {"source": "synthetic:", "sink": "null:"}}}
    with Once(read(system)), Once(read(system)):
        assert directory.entries() == []


@pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")
def test_while_it_runs_it_stands_in_the_list_of_this_machine(file: Path) -> None:
    file.write_text('[streams]\ngate = { source = "synthetic:", size = "64x48" }\n')

    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("streams")
        with pytest.raises(Unavailable, match="runs already"):
            Stage(file)
        yield lambda: True

    Stage(file, script).run()
    assert directory.entries() == []
