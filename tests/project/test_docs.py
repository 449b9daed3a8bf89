"""What the documentation says works: its code runs, its commands parse, its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from tests.clips import make_clip, make_photos
from tests.conftest import StartChild
from tests.project.snippets import Block, Runner, blocks

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PUBLIC = re.compile(r"framebus(\.(ops|imagezmq|testing|plugins|web))?")
"""What pages and examples may import from; everything below is ours to move."""
INSIDE = re.compile(r"^[ >]*(?:from|import) (framebus(?:\.\w+)*)", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def commands(page: Path) -> list[list[str]]:
    return [words for block in blocks(page) for words in block.commands if words and words[0] == "framebus"]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.runs for block in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_code_runs(page: Path, child: StartChild, free_ports: Callable[[], int], tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4")
    make_photos(tmp_path / "photos")
    runner = Runner(tmp_path, child, free_ports)
    for block in blocks(page):
        runner.run(block)
    runner.finish()


@pages
def test_commands_are_understood(page: Path) -> None:
    for _, name, *rest in commands(page):
        if name.startswith("--"):
            continue
        parse(name, rest)


@pages
def test_what_is_not_run_says_why(page: Path) -> None:
    marks = re.findall(r"^<!-- skip(.*)-->$", page.read_text(), re.MULTILINE)
    assert all(re.match(r": \S.* ", mark) for mark in marks)


@pytest.mark.parametrize(
    "text",
    [*PAGES, *sorted((ROOT / "examples").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_only_what_is_public_is_imported(text: Path) -> None:
    imported = set(INSIDE.findall(text.read_text()))
    assert {name for name in imported if not PUBLIC.fullmatch(name)} == set()


@pages
def test_links_lead_to_files(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target and target[0] != "#"]
    missing = [target for target in targets if not (page.parent / target.partition("#")[0]).exists()]
    assert missing == []


def test_every_page_is_reachable_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in LINK.findall(page.read_text())]
    assert [page.relative_to(ROOT) for page in PAGES if page not in seen] == []


def test_addresses_in_the_reference_are_addresses() -> None:
    from framebus.core.addresses import parse as parse_address

    text = (ROOT / "docs/reference/addresses.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(rows) > 10
    for address in rows:
        parse_address(address)


def test_a_block_knows_what_happens_to_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nprint()\n```\n\n<!-- until: 3 frames -->\n```console\n$ framebus demo  # nice\nshown\n```\n"
    )
    first, second = blocks(page)
    assert (first.language, first.runs, first.line) == ("python", True, 1)
    assert second == Block("console", second.text, "until", "3 frames", 6)
    assert second.commands == [["framebus", "demo"]]


def parse(name: str, rest: list[str]) -> None:
    from framebus.cli.parser import Parser
    from framebus.cli.parser import commands as subcommands

    module = import_module(f"framebus.cli.{name}_command")
    choices = subcommands(Parser(prog="framebus"))
    module.add_parser(choices)
    getattr(module, "parse", Parser.parse_strictly)(choices.choices[name], rest)
