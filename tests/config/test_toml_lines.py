"""Every key of a TOML text is found in its line, whatever stands around it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.config.toml_lines import Path, lines_of

TEXT = '''\
# gate = 1
[streams]          # one process
gate = "rtsp://[::1]/a#b?x=[1]"   # in = "a comment"
"north.east" = { source = 'C:\\temp', transport = "udp", tags = ["a",
  "b"] }
long = """
not = "a key"
[nor.a.table]
"""
quoted = """ends with two quotes"""""
escaped = "a \\" b = 1"

[pipes.look]
source = [
  "gate",   # first

  'north.east',
]
gather.seg = "segment"
max_fps = 10.5
since = 1979-05-27T07:32:00Z
[pipes . "a b"]
x=1
[[many]]
x = 1
[[many]]
[many.inner]
y = 2
'''


def test_each_key_has_its_line() -> None:
    lines = lines_of(TEXT)
    assert {path: lines[path] for path in all_paths(tomllib.loads(TEXT))} == lines
    expected: dict[Path, int] = {
        ("streams",): 2,
        ("streams", "gate"): 3,
        ("streams", "north.east"): 4,
        ("streams", "north.east", "source"): 4,
        ("streams", "north.east", "tags", 1): 5,
        ("streams", "long"): 6,
        ("streams", "quoted"): 10,
        ("streams", "escaped"): 11,
        ("pipes",): 13,
        ("pipes", "look"): 13,
        ("pipes", "look", "source", 0): 15,
        ("pipes", "look", "source", 1): 17,
        ("pipes", "look", "gather", "seg"): 19,
        ("pipes", "look", "since"): 21,
        ("pipes", "a b", "x"): 23,
        ("many", 0, "x"): 25,
        ("many", 1): 26,
        ("many", 1, "inner", "y"): 28,
    }
    assert {path: lines[path] for path in expected} == expected


def all_paths(values: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    inner: Any = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inner:
        yield from all_paths(value, (*path, key))


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6) | st.sampled_from(
    ["a", "b-c", "d_1", "#"]
)
scalars = st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False) | names
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
documents = st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4)


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",\n # ] not yet\n".join(map(inline, value)) + "\n]"
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower()


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(documents)
def test_any_document(document: dict[str, dict[str, Any]]) -> None:
    written, expected = "", dict[Path, int]()
    for table, entries in document.items():
        expected[(table,)] = written.count("\n") + 2
        written += f"# [x]\n [ {quoted(table)} ] # y = 1\n"
        for key, value in entries.items():
            expected[(table, key)] = written.count("\n") + 2
            written += f"\n{quoted(key)}={inline(value)} # z\n"
    lines = lines_of(written)
    assert {path: lines[path] for path in expected} == expected
    assert set(all_paths(tomllib.loads(written))) == set(lines)


@pytest.mark.parametrize("text", ["", "=", "[", "a", "a =", "a = [", 'a = "', "a = {b", "[a\nb = 1", "\x00", "a.= 1"])
def test_what_is_no_toml_does_no_harm(text: str) -> None:
    lines_of(text)
