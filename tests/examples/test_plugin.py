"""The plug-in in examples/plugin, installed as people install one: found by its names, keeping what is promised."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import StartChild

PLUGIN = Path(__file__).parents[2] / "examples/plugin"
INSTALL = ["install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]


@pytest.fixture
def installed(child: StartChild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the plug-in's folder; what it holds is installed beside it, where child processes look."""
    pytest.importorskip("hatchling", reason="nothing can build the plug-in: pip install hatchling")
    pytest.importorskip("pip", reason="nothing can install the plug-in: python -m ensurepip")
    folder = shutil.copytree(PLUGIN, tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
    child("-m", "pip", *INSTALL, "--target", tmp_path / "there", folder).succeed(90)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "there"))
    return folder


def test_its_own_tests_pass(installed: Path, child: StartChild) -> None:
    said = child("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=installed).succeed(90)
    assert " passed" in said
    assert "skipped" not in said


def test_its_names_work_wherever_names_are_written(installed: Path, child: StartChild) -> None:
    command = ["pipe", "sky:north", "night.stars", "--op", "find_stars=most=3", "--frames", "5", "--fps", "50"]
    child("-m", "framebus", *command, cwd=installed).succeed()
    lines = [json.loads(line) for line in (installed / "night.stars").read_text().splitlines()]
    assert [line["frame"][::2] for line in lines] == [["north", number] for number in range(5)]
    assert {len(line["stars"]) for line in lines} == {3}


def test_its_encoding_travels(installed: Path, child: StartChild, free_port: int) -> None:
    link = f"tcp://127.0.0.1:{free_port}/sky"
    sender = child("-m", "framebus", "pipe", "sky:", link, "--encode", "sparse", "--wait-for", "1", "--frames", "5")
    reader = child("-m", "framebus", "info", link, "--follow", "--json", "--keep", "all", "--frames", "5")
    heads = [json.loads(line) for line in reader.succeed().splitlines()]
    assert {head["encoding"] for head in heads} == {"sparse"}
    sender.succeed()


def test_what_it_does_not_know_is_said_with_what_there_is(installed: Path, child: StartChild) -> None:
    process = child("-m", "framebus", "pipe", "sky:", "night.stars", "--op", "find_stars=mots=3")
    assert process.wait() == 2
    assert "find_stars" in process.stderr
    assert sys.executable not in process.stderr
