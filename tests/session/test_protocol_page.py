"""docs/reference/protocol.md says what the code says: every op, every field, every key of a header."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from framebus.core.frame import Frame
from framebus.wire import control, header
from framebus.wire.control import Control, FrameRange, Message, Party, StreamCondition, StreamState
from tests.session.desk import frame, packet

PAGE = (Path(__file__).parents[2] / "docs/reference/protocol.md").read_text()
OPS: dict[str, type[Control]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Message)}
COMMON = {"op", "fb", "session"}
OBJECTS: list[tuple[str, type[msgspec.Struct]]] = [
    ("Party", Party),
    ("Stream state", StreamState),
    ("Stream condition", StreamCondition),
]


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {title!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the first table in a text, without its heading."""
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    lines = table[0].splitlines()[2:] if table else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def fields(text: str) -> list[str]:
    return [row[0].strip("`") for row in rows(text)]


def test_every_op_has_a_section_and_every_section_is_an_op() -> None:
    assert re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE) == list(OPS)


@pytest.mark.parametrize("op", OPS)
def test_every_field_of_an_op_is_listed_in_its_order(op: str) -> None:
    expected = [name for name in OPS[op].__struct_encode_fields__ if name not in COMMON]
    assert fields(section(f"`{op}`")) == expected


def test_the_fields_that_all_have() -> None:
    assert set(fields(section("Control"))) == COMMON


@pytest.mark.parametrize(("title", "kind"), OBJECTS)
def test_the_parts_of_messages(title: str, kind: type[msgspec.Struct]) -> None:
    assert fields(section(title)) == list(kind.__struct_encode_fields__)


def test_a_frame_range_is_a_list_of_four() -> None:
    assert len(FrameRange.__struct_fields__) == 4
    assert "A list of four: stream, run, and the first and last number" in section("Frame range")
    assert str(control.MAX_RANGE) in section("Frame range")


def test_the_reasons_of_a_refusal() -> None:
    text = section("`refuse`")
    codes = re.findall(r"^\| `(\w+)` \|", text.split("| `code` | why |")[1], re.MULTILINE)
    assert codes == list(get_args(control.Code))


@pytest.mark.parametrize("op", OPS)
def test_the_defaults(op: str) -> None:
    shown = {row[0].strip("`"): row[2].strip("`") for row in rows(section(f"`{op}`"))}
    for field in msgspec.structs.fields(OPS[op]):
        if field.name in shown:
            assert shown[field.name] == spelled(field), field.name


def spelled(field: msgspec.structs.FieldInfo) -> str:
    """A default as the page writes it."""
    if field.required:
        return ""
    value: Any = field.default
    words = {"versions": "[1, 1]", "want": "all" if value == () else "empty", "keep": ""}
    if field.name in words:
        return words[field.name]
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, Party) or value in ("", ()):
        return "empty"
    return f"{value:g}"


def test_every_key_of_a_header_is_listed() -> None:
    assert set(fields(section("Data"))) == {"msg", *header.Header.__struct_encode_fields__}


def test_and_what_is_sent_is_among_them() -> None:
    listed = set(fields(section("Data")))
    picture = Frame.of(frame(0).data, stream="cam", run=1, meta={"a": 1}, arrays={"mask": frame(0).data})
    for item in (picture, packet(0, key=True)):
        sent = msgspec.json.decode(bytes(header.encode(item, thinned=3)[0]))
        assert set(sent) <= listed


def test_the_version() -> None:
    assert control.VERSION == 1
    assert '`"fb": 1`' in PAGE
