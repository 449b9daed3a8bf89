"""With FRAMEBUS_LOG=json each line on standard error is an object; secrets are removed from it as from any other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import StartChild

JSON = {"FRAMEBUS_LOG": "json"}


def lines(text: str) -> list[dict[str, object]]:
    """Each line, which must be an object."""
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_said_and_how_it_ended(child: StartChild, tmp_path: Path) -> None:
    process = child("-m", "framebus", "pipe", "synthetic:", "null:", "--frames", "3", cwd=tmp_path, env=JSON)
    process.succeed()
    said = lines(process.stderr)
    assert re.match(r"3 frames", str(said[-1]["message"]))
    for line in said:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["time"]))
        assert (line["level"], line["pid"]) == ("info", process.pid)


def test_errors_say_so(child: StartChild, tmp_path: Path) -> None:
    process = child("-m", "framebus", "pipe", "nowhere.mp4", "null:", cwd=tmp_path, env=JSON)
    assert process.wait() != 0
    (line,) = lines(process.stderr)
    assert line["level"] == "error"
    assert "nowhere.mp4" in str(line["message"])


@pytest.mark.parametrize("env", [JSON, {}])
def test_no_secret_in_either_form(child: StartChild, tmp_path: Path, env: dict[str, str]) -> None:
    address = "rtsp://ada:s3cretpw@127.0.0.1:1/main"
    process = child("-m", "framebus", "pipe", address, "null:", "--duration", "0.5s", cwd=tmp_path, env=env)
    process.wait()
    assert process.stderr
    assert "s3cretpw" not in process.stderr
