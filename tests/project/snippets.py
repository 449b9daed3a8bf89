"""The code in the documentation: found, and run as a reader would run it.

A comment on the line above a block says what happens to it; it does not show on the page.

    (none)                   python: runs to its end; anything else: is only read
    <!-- run -->             every `$ ` command runs to its end
    <!-- background -->      starts and goes on while the rest of the page runs
    <!-- until: PATTERN -->  runs until a line with PATTERN is printed, then gets Ctrl-C
    <!-- file: NAME -->      is put into the file NAME, for commands below
    <!-- skip: REASON -->    does not run

The blocks of a page run in order, in one folder with `clip.mp4` and `photos/` in it. Ports are replaced by free ones.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framebus.testing.children import Child
from tests.conftest import StartChild

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>run|background|until|file|skip)(?:: (?P<value>.+?))? -->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PORT = re.compile(r"(?<=:)[5-7]\d{3}\b")
STOPPED = (0, 130)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    mark: str
    value: str
    line: int

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line after a prompt; comments and what follows them are left out."""
        lines = re.findall(r"^\$ (.*)$", self.text.replace("\\\n", ""), re.MULTILINE)
        return [shlex.split(line, comments=True) for line in lines if self.language == "console"]

    @property
    def runs(self) -> bool:
        """Whether the block is started at all."""
        return self.mark in ("run", "background", "until") or (self.language == "python" and not self.mark)


def blocks(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page."""
    text = page.read_text()
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(found["language"], found["text"], found["mark"] or "", found["value"] or "", line)


class Runner:
    """Runs the blocks of one page in `folder`."""

    def __init__(self, folder: Path, child: StartChild, free_port: Callable[[], int]) -> None:
        self._folder = folder
        self._child = child
        self._free_port = free_port
        self._ports: dict[str, str] = {}
        self._background: list[Child] = []

    def run(self, block: Block) -> None:
        """Do what the block's mark says; fails with its output when it fails."""
        text = PORT.sub(self._port, block.text)
        if block.mark == "file":
            (self._folder / block.value).write_text(text)
        if block.value == "pyproject.toml":
            self._announce(tomllib.loads(text)["project"])
        if not block.runs:
            return
        if block.language == "python":
            self._treat(block, self._python(block.line, text))
            return
        for words in Block(block.language, text, "", "", 0).commands:
            self._treat(block, self._command(words))

    def finish(self) -> None:
        """What was started in the background must still run, or have ended well."""
        for process in self._background:
            if process.process.poll() is not None:
                process.succeed()

    def _treat(self, block: Block, process: Child) -> None:
        if block.mark == "background":
            self._background.append(process)
        elif block.mark == "until":
            process.wait_line(block.value)
            process.interrupt()
            code = process.wait()
            assert code in STOPPED, f"exit code {code}\n{process.stdout}\n{process.stderr}"
        else:
            process.succeed(60)

    def _python(self, line: int, text: str) -> Child:
        script = self._folder / f"line_{line}.py"
        script.write_text(text)
        return self._child(script, cwd=self._folder)

    def _announce(self, project: dict[str, Any]) -> None:
        """Register the entry points of a package, as installing it would."""
        info = self._folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
        groups = project["entry-points"].items()
        lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups]
        (info / "entry_points.txt").write_text("\n".join(lines))

    def _command(self, words: list[str]) -> Child:
        if words[0] == "framebus":
            return self._child("-m", *words, cwd=self._folder)
        assert words[0] == "python", f"a page can run framebus and python, not {words[0]}"
        return self._child(*words[1:], cwd=self._folder)

    def _port(self, found: re.Match[str]) -> str:
        return self._ports.setdefault(found[0], str(self._free_port()))
