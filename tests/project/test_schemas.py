"""What is read as a type of msgspec is looked up when its module is imported, before threads could do so at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import framebus

SOURCES = Path(framebus.__file__).parent
ONE_THREAD = ("cli/", "stress/", "testing/")
"""Commands and rounds that read such things in their only thread."""


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Those of a function, or method, of that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
            yield node


def read_as(tree: ast.AST) -> set[str]:
    """Names of the types that are given to msgspec where something is read."""
    kinds = [keyword.value for call in calls(tree, "decode") for keyword in call.keywords if keyword.arg == "type"]
    kinds += [call.args[1] for call in calls(tree, "convert") if ast.unparse(call.func) == "msgspec.convert"]
    names = {node.id for kind in kinds for node in ast.walk(kind) if isinstance(node, ast.Name)}
    return {name for name in names if name.lstrip("_")[:1].isupper()}


def looked_up(tree: ast.AST) -> set[str]:
    return {node.id for call in calls(tree, "look_up") for node in ast.walk(call) if isinstance(node, ast.Name)}


def test_types_are_looked_up_where_they_are_read() -> None:
    missing: dict[str, set[str]] = {}
    for path in SOURCES.rglob("*.py"):
        name = str(path.relative_to(SOURCES))
        tree = ast.parse(path.read_text())
        if (names := read_as(tree) - looked_up(tree)) and not name.startswith(ONE_THREAD):
            missing[name] = names
    assert not missing, "add look_up(…) there: two threads' first use at once is a crash"


def test_this_test_sees_them() -> None:
    tree = ast.parse("msgspec.json.decode(data, type=Record)\nmsgspec.convert(told, State | None)\nlook_up(State)")
    assert read_as(tree) - looked_up(tree) == {"Record"}
