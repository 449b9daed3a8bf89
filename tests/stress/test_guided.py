"""Damage guided by coverage: it finds what bytes by chance would not, and says with which bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info >= (3, 14), reason="atheris is made for Linux and Python up to 3.13"
)

BROKEN = """
import sys
import atheris
from framebus.core.errors import BadFrame
from framebus.stress import guided
from framebus.testing.parsers import Parser

@atheris.instrument_func
def read(parts):
    if len(parts) != 2:
        raise BadFrame("two parts")
    if parts[0][:1] == b"f":
        if parts[0][1:2] == b"b":
            if parts[1][:1] == b"!":
                raise {error}("found")

guided.parsers = lambda: [Parser("broken", [[b"right", b"message"]], read)]
guided.main(["broken", "{seconds}", "1", sys.argv[1]])
"""


def test_bytes_that_only_few_steps_lead_to_are_found_and_kept(child: StartChild, tmp_path: Path) -> None:
    found = child("-c", BROKEN.format(error="KeyError", seconds=60), tmp_path)
    assert found.wait(90) != 0
    assert "KeyError: 'found'" in found.stdout
    kept = [path.read_bytes() for path in tmp_path.glob("crash-*")]
    assert [data.split(b"\x00\xff|")[0][:2] for data in kept] == [b"fb"]


def test_a_refusal_is_no_fault_and_what_was_tried_is_counted(child: StartChild, tmp_path: Path) -> None:
    said = child("-c", BROKEN.format(error="BadFrame", seconds=2), tmp_path)
    said.succeed(60)
    assert int(said.wait_line(r"^stat::number_of_executed_units: +(\d+)$")[1]) > 100
    assert any((tmp_path / "corpus").iterdir())
