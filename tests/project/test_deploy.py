"""What is in deploy/ fits the program it starts."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from framebus.cli import overview
from framebus.cli.console import LOG
from framebus.supervise import notifying

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = (DEPLOY / "framebus.service").read_text()
IMAGE = (DEPLOY / "Containerfile").read_text()


def settings(name: str) -> list[str]:
    """The values of a setting of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_unit_starts_a_command_that_exists() -> None:
    (start,) = settings("ExecStart")
    program, command, file = shlex.split(start)
    assert Path(program).name == "framebus"
    assert command in overview.COMMANDS
    assert file in settings("Description")[0]


def test_the_unit_is_of_the_type_that_is_notified() -> None:
    assert settings("Type") == ["notify"]
    assert float(settings("WatchdogSec")[0]) >= 10
    assert notifying.SOCKET == "NOTIFY_SOCKET"


def test_both_ask_for_logs_that_machines_read() -> None:
    assert f"{LOG}=json" in settings("Environment")
    assert f"{LOG}=json" in IMAGE


def test_the_unit_is_one(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT TESTED: systemd-analyze is not here")
    copy = tmp_path / "framebus.service"
    copy.write_text(UNIT.replace(settings("ExecStart")[0], "/bin/true"))
    told = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_the_image_starts_a_command_that_exists() -> None:
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", IMAGE, re.MULTILINE)
    (words,) = re.findall(r"^CMD (.*)$", IMAGE, re.MULTILINE)
    assert json.loads(entry) == ["framebus"]
    assert json.loads(words)[0] in overview.COMMANDS
