"""On a terminal: a status line redrawn in place, and the demo as a table."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import StartChild

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@contextmanager
def on_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """`framebus` with a terminal for its output, and what appears there, piece by piece."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, "-m", "framebus", *arguments]
    try:
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            yield process, _pieces(ours)
            for _ in _pieces(ours):
                pass
    finally:
        os.close(ours)


def _pieces(terminal: int) -> Iterator[str]:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return
        yield data.decode(errors="replace")


def test_pipe_redraws_one_status_line_and_takes_it_away_at_the_end() -> None:
    with on_terminal("pipe", "synthetic:", "null:", "--size", "64x48") as (process, pieces):
        shown = ""
        while shown.count("newest") < 3:
            shown += next(pieces)
        process.terminate()
        shown += "".join(pieces)
    assert process.returncode == 0
    assert shown.count("\r\x1b[K") >= 3
    assert re.search(r"\d+\.\d/s · newest .* old · \d+ missed · \d+ frames", shown)
    last = shown.rpartition("\r\x1b[K")[2].strip()
    assert re.fullmatch(r"\d+ frames in .*", last)


def test_the_demo_is_a_table() -> None:
    with on_terminal("demo", "--no-browser", "--seconds", "2") as (process, pieces):
        shown = ESCAPES.sub("", "".join(pieces))
    assert process.returncode == 0
    assert "slow, 250 ms for each" in shown
    assert "lossless, every frame" in shown
    assert "LEFT OUT" in shown


INTERRUPTED_WHILE_LOADING = """
import sys
from framebus.cli import main

class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "framebus.cli.entry":
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
sys.exit(main(["list"]))
"""


def test_ctrl_c_while_the_command_is_loaded_ends_it_without_a_word(child: StartChild) -> None:
    command = child("-c", INTERRUPTED_WHILE_LOADING)
    assert command.wait() == 130
    assert command.stderr == ""
