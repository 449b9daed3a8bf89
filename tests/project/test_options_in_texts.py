"""Texts that reach people of both kinds name an option for both: `overwrite=True (--overwrite)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.core.options import OPTIONS

SOURCE = Path(__file__).parents[2] / "src/framebus"
FOR_ONE_KIND = ("cli", "compat", "stress", "testing")
"""What only those read who typed a command, and what only those whose program it is."""

FLAGS = {flag: option.name for option in OPTIONS.values() for flag in (option.flag, option.negation)}
FOR_BOTH = re.compile(r"\b([a-z_]+)(=[^\s(]+)? \((--[a-z-]+)( [^()]+)?\)")
FLAG = re.compile(r"--[a-z][a-z-]+")
VALUE = re.compile(rf"(?<!^)\b({'|'.join(OPTIONS)})=(True|False|'[^']*'|[0-9]+\b)")


def texts(source: str) -> Iterator[str]:
    """All texts of a module that are no docstrings, with `…` for what is put into them."""
    tree = ast.parse(source)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


def mistakes(text: str) -> list[str]:
    """What is said for one kind of people only, or wrongly; what a text begins with was given, and is not advice."""
    said = list(FOR_BOTH.finditer(text))
    wrong = [found.group() for found in said if FLAGS.get(found[3], found[1]) != found[1]]
    rest = FOR_BOTH.sub("", text)
    commands = re.findall(r"framebus [a-z]+ [^\n`]*", rest)
    flags = [flag for flag in FLAG.findall(rest) if flag in FLAGS and not any(flag in line for line in commands)]
    return [*wrong, *flags, *(found.group() for found in VALUE.finditer(rest) if not _calls(rest, found))]


def _calls(text: str, found: re.Match[str]) -> bool:
    """An example of a call: `publish(…, keep='all')`."""
    return text[: found.start()].count("(") > text[: found.start()].count(")")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("replace it with overwrite=True (--overwrite)", []),
        ("begin anew: rotate='10min' (--rotate 10min) says when", []),
        ("raise patience (--patience) or resume=False (--no-resume)", []),
        ("run `framebus pipe a b --insecure`", []),
        ("listen=True is not possible: only links listen", []),
        ("give one, publish(…, keep='all')", []),
        ("use --overwrite", ["--overwrite"]),
        ("use overwrite=True", ["overwrite=True"]),
        ("use overwrite=True (--fsync)", ["overwrite=True (--fsync)"]),
    ],
)
def test_the_rule(text: str, wrong: list[str]) -> None:
    assert mistakes(text) == wrong


def test_every_text_below_the_command_line_keeps_it() -> None:
    found = {
        f"{path.relative_to(SOURCE)}: {text}": wrong
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in FOR_ONE_KIND
        for text in texts(path.read_text(encoding="utf-8"))
        if (wrong := mistakes(text))
    }
    assert found == {}
