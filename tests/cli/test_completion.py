"""Shells complete commands, flags and file names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from framebus.cli import main
from framebus.cli.completion import SHELLS
from framebus.cli.overview import COMMANDS


def printed(capsys: pytest.CaptureFixture[str], shell: str) -> str:
    """The script."""
    assert main(["--completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["framebus", "pi"], ["pipe"]),
        (["framebus", "pipe", "synthetic:", "--work"], ["--work-timeout", "--workers"]),
        (["framebus", "doctor", "--re"], ["--repair"]),
        (["framebus", "pipe", "cl"], ["clip.mp4"]),
        (["framebus", "nothing", "--x"], []),
    ],
)
def test_in_bash(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], expected: list[str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("NOT TESTED: bash is not here")
    (tmp_path / "clip.mp4").touch()
    quoted = " ".join(f'"{word}"' for word in words)
    asks = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _framebus; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    code = printed(capsys, "bash") + asks
    done = subprocess.run([bash, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_knows_every_command(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    script = printed(capsys, shell)
    assert all(name in script for name in COMMANDS)
    assert "workers" in script


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", "tcsh"]) == 2
    assert "bash, zsh, fish" in capsys.readouterr().err
