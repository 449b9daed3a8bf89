"""The bootstrap script: what it installs, when it does not, and what it says when it cannot."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import itertools
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import StartChild

ROOT = Path(__file__).parents[2]


class Machine:
    """Stands in for running commands: notes them, and answers as told."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.fails: Callable[[str], bool] = lambda command: False

    def call(self, command: list[str], **_: Any) -> int:
        self.ran.append(list(command))
        text = " ".join(command)
        if "venv" in command and not self.fails(text):
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return int(self.fails(text))

    def saw(self, *words: str) -> bool:
        """Whether one command had all these words."""
        return any(set(words) <= set(command) for command in self.ran)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr("subprocess.call", machine.call)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    return machine


@pytest.fixture
def dev(tmp_path: Path, machine: Machine) -> ModuleType:
    """The script, as if it lay in an empty clone."""
    loader = importlib.machinery.SourceFileLoader("dev", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    vars(module).update(ROOT=tmp_path, VENV=tmp_path / ".venv", PYTHON=tmp_path / ".venv/bin/python")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return module


def test_a_bare_clone_gets_an_environment_with_what_the_command_needs(dev: ModuleType, machine: Machine) -> None:
    dev.install("video,web")
    assert machine.saw("-m", "venv", str(dev.VENV))
    assert machine.saw("-m", "pip", "install", "--editable", f"{dev.ROOT}[video,web]")


def test_what_processes_import_is_compiled_once_also_where_the_sources_are_kept_free_of_it(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "become", lambda *arguments: 0)
    for forbidden, prefix in {"": None, "1": str(dev.VENV / "compiled")}.items():
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", forbidden)
        monkeypatch.setenv("PYTHONPYCACHEPREFIX", "of this process")
        del os.environ["PYTHONPYCACHEPREFIX"]
        dev.main(["run", "--help"])
        assert not os.environ.get("PYTHONDONTWRITEBYTECODE")
        assert os.environ.get("PYTHONPYCACHEPREFIX") == prefix


def test_the_second_time_nothing_runs(dev: ModuleType, machine: Machine) -> None:
    dev.install("dev")
    machine.ran.clear()
    for extra in dev.EXTRAS:  # what is there holds the others
        dev.install(extra)
    assert machine.ran == []


def test_more_is_installed_into_the_same_environment(dev: ModuleType, machine: Machine) -> None:
    dev.install("video,web")
    machine.ran.clear()
    dev.install("dev")
    assert machine.saw("install", f"{dev.ROOT}[dev]")
    assert not machine.saw("venv")


def test_each_set_of_extras_holds_those_before_it(dev: ModuleType) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    def packages(extras: str) -> set[str]:
        held: set[str] = set()
        for extra in extras.split(","):
            for needed in declared[extra]:
                inner = re.fullmatch(r"framebus\[(.+)\]", needed)
                held |= packages(inner[1]) if inner else {needed}
        return held

    for fewer, more in itertools.pairwise(dev.EXTRAS):
        assert packages(fewer) <= packages(more)


def test_new_requirements_are_installed(dev: ModuleType, machine: Machine) -> None:
    dev.install("dev")
    (dev.ROOT / "pyproject.toml").write_text('[project]\ndependencies = ["more"]\n')
    machine.ran.clear()
    dev.install("dev")
    assert machine.saw("install", f"{dev.ROOT}[dev]")


def test_an_environment_that_does_not_start_is_made_again(dev: ModuleType, machine: Machine) -> None:
    dev.install("dev")
    dev.PYTHON.unlink()
    dev.marker("dev").unlink()
    machine.ran.clear()
    dev.install("dev")
    assert machine.saw("venv", "--clear")


def test_uv_is_used_where_it_is_there(dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/uv" if name == "uv" else None)
    dev.install("dev")
    assert machine.saw("/bin/uv", "venv")
    assert machine.saw("/bin/uv", "pip", "install")
    assert not machine.saw("-m", "pip")


def test_pip_is_tried_where_uv_cannot_install(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/uv" if name == "uv" else None)
    machine.fails = lambda command: command.startswith("/bin/uv pip")
    dev.install("dev")
    assert machine.saw("-m", "pip", "install")


def test_without_ensurepip_the_systems_pip_fills_the_environment(dev: ModuleType, machine: Machine) -> None:
    machine.fails = lambda command: "import ensurepip" in command or command == f"{dev.PYTHON} -m pip --version"
    dev.install("dev")
    assert machine.saw("venv", "--without-pip")
    assert machine.saw(sys.executable, "-m", "pip", "--python", str(dev.PYTHON), "install")


def test_without_ensurepip_and_pip_it_says_what_to_install(
    dev: ModuleType, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.fails = lambda command: "import ensurepip" in command or "pip --version" in command
    with pytest.raises(SystemExit) as exit:
        dev.install("dev")
    assert exit.value.code == 1
    assert "sudo apt install python3" in capsys.readouterr().err


def test_an_old_python_finds_a_newer_one(dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "OLDEST", (3, 99))
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/python3.12" if name == "python3.12" else None)
    dev.install("dev")
    assert machine.saw("/bin/python3.12", "-m", "venv")


def test_an_old_python_alone_says_what_is_needed(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "OLDEST", (3, 99))
    with pytest.raises(SystemExit):
        dev.install("dev")
    assert "framebus needs Python 3.99 or newer, or uv" in capsys.readouterr().err


def test_an_installation_that_failed_is_tried_again(
    dev: ModuleType, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.fails = lambda command: "pip install" in command
    with pytest.raises(SystemExit):
        dev.install("dev")
    assert "the installation failed" in capsys.readouterr().err
    machine.fails = lambda command: False
    dev.install("dev")
    assert dev.current(dev.marker("dev"))


def test_the_demo_runs_from_this_clone(child: StartChild) -> None:
    if not (ROOT / ".venv" / ".framebus-dev").is_file():
        pytest.skip("this environment was not made by ./dev, which would install now")
    arguments = ("demo", "--seconds", "1", "--listen", "localhost:0")
    assert "slow reader" in child(ROOT / "dev", *arguments).succeed()


def test_it_explains_itself(child: StartChild) -> None:
    usage = child(ROOT / "dev").succeed()
    for command in ("demo", "test", "check", "docs", "run"):
        assert f"\n  {command} " in usage


def test_an_unknown_command_is_a_usage_error(child: StartChild) -> None:
    process = child(ROOT / "dev", "dmeo")
    assert process.wait() == 2
    assert "no command 'dmeo'" in process.stderr


@pytest.mark.parametrize(("status", "again"), [(1, True), (0, False), (2, False)])
def test_what_fails_among_others_is_run_again_alone_and_said(
    dev: ModuleType,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    again: bool,
) -> None:
    monkeypatch.chdir(dev.ROOT)
    dev.install("dev")
    became: list[tuple[str, ...]] = []

    def become(*arguments: str) -> int:
        became.append(arguments)
        return 0

    monkeypatch.setattr(dev, "become", become)
    monkeypatch.setattr("subprocess.call", lambda command, **_: status if "worksteal" in command else 0)
    code = dev.check([])
    assert bool(became) is again
    assert ("UNSTABLE" in capsys.readouterr().out) is again
    assert code == (0 if again else status)
    assert not again or ("--last-failed" in became[0] and "no:xdist" in became[0])
