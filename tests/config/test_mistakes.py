"""What can be wrong with a description, and what is said about it: the line, what is wrong, what to write."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from framebus.config.parsing import read
from framebus.core.errors import OptionError, Unavailable

GOOD = """\
[streams]
gate = "synthetic:gate"
yard = { source = "synthetic:yard", fps = 10 }

[services.segment]
op = "models.py:Segment"

[pipes.look]
source = "gate"
"""
pytest.importorskip("starlette")
BLOCKS = Path(__file__).with_name("mistakes.txt").read_text().strip().split("\n\n")
BELOW, ABOVE = (
    BLOCKS[1 : (middle := BLOCKS.index("# The same, written as the first line of [streams]."))],
    BLOCKS[middle + 1 :],
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(folder: Path, text: str) -> str:
    """What is said about a file with this text."""
    (folder / "yard.toml").write_text(text)
    with pytest.raises(OptionError) as caught:
        read("yard.toml")
    return str(caught.value)


@pytest.mark.parametrize("block", BELOW, ids=lambda block: block.partition("\n=> ")[0])
def test_a_mistake_is_said_with_its_line_and_what_to_write(folder: Path, block: str) -> None:
    mistake, *told = block.split("\n=> ")
    assert_told(refusal(folder, f"{GOOD}{mistake}\n"), told, folder)


@pytest.mark.parametrize("block", ABOVE, ids=lambda block: block.partition("\n=> ")[0])
def test_a_mistake_among_the_streams(folder: Path, block: str) -> None:
    mistake, *told = block.split("\n=> ")
    assert_told(refusal(folder, GOOD.replace("[streams]\n", f"[streams]\n{mistake}\n")), told, folder)


def assert_told(said: str, told: list[str], folder: Path) -> None:
    lines = [line.strip().replace(str(folder), "FOLDER") for line in said.splitlines()]
    assert [
        line[: len(one) - 1] + "…" if one.endswith("…") else line for line, one in zip(lines, told, strict=True)
    ] == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[streams\n", "line 1: this is no TOML: expected ']' at the end of a table declaration"),
        ("[streams]\ngate = rtsp://x\n", "line 2: this is no TOML: invalid value; texts stand in quotes"),
        ("[streams]\ngate = 'a'\n\ngate = 'b'\n", "line 4: streams.gate is there already, in line 2: keep one, or"),
        ("[pipes.a]\nfps = 3\n[pipes.a]\n", "line 3: pipes.a is there already, in line 1: keep one, or rename"),
        ("[streams]\ng = { a = 1, a = 2 }\n", "line 2: streams.g.a is there already, in line 2: "),
        ("[streams]\ng = [\n1,\n]\n[streams.g]\n", "line 5: streams.g is there already, in line 2: "),
        ("streams.gate = 'a'\n[streams]\n", "line 2: this is no TOML: cannot declare ('streams',) twice"),
        ("[streams]\ngate = 'a'\ngate = 'b'\nyard = ", "line 3: streams.gate is there already, in line 2: "),
        ("[streams]\n\ngate = [", "line 3: this is no TOML: invalid value"),
        ("", "the system holds nothing to run: write [streams], [services.NAME] or [pipes.NAME]"),
        ("streams = 3\n", "line 1: streams is not possible like this: write a table, [streams]"),
        ("[pipes]\nlook = 3\n", "line 2: pipes.look is not possible like this: write a table, [pipes.look]"),
    ],
)
def test_what_is_no_description_at_all(folder: Path, text: str, said: str) -> None:
    found = refusal(folder, text)
    assert re.match(rf"yard\.toml[,:] {re.escape(said)}", found.splitlines()[0]) or said in found, found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines(folder: Path) -> None:
    text = GOOD.replace("gate = ", "gaet = ").replace("fps = 10", "fsp = 10") + "max_fps = 'many'\n[pips]\n"
    told = [
        "yard.toml has 4 mistakes:",
        "yard.toml, line 3: streams.yard.fsp is not known: did you mean fps?",
        "yard.toml, line 9: pipes.look.source 'gate' is no stream of this file, …",
        "yard.toml, line 10: pipes.look.max_fps = 'many' is not possible: give a number above 0",
        "yard.toml, line 11: pips is not known: did you mean pipes?",
    ]
    assert_told(refusal(folder, text), told, folder)


def test_a_password_that_many_cameras_need_is_missed_once(folder: Path) -> None:
    cameras = [f"cam{number} = 'rtsp://u:${{NOPASS}}@10.0.0.{number}/main'" for number in (1, 2)]
    table = "hall = { source = 'rtsp://${NOUSER}:${NOPASS}@c:${NOPASS}/x' }"
    nobody = "which is neither in the environment nor among the credentials"
    told = [
        "yard.toml has 2 mistakes:",
        f"yard.toml, line 2: streams.cam1 needs ${{NOPASS}}, {nobody}; so do streams.cam2, streams.hall.source",
        f"yard.toml, line 4: streams.hall.source needs ${{NOUSER}}, {nobody}",
    ]
    assert_told(refusal(folder, "\n".join(("[streams]", *cameras, table))), told, folder)


def test_passwords_are_not_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_PASS", "hunter22")
    said = refusal(
        folder, "[streams]\na = { source = 'rtsp://u:${CAM_PASS}@c/x', fps = '${CAM_PASS}' }\nb = 'rtps://u:pw1@c'\n"
    )
    assert "hunter22" not in said
    assert "pw1" not in said
    assert "rtsp://***@c/x" in said


def test_two_listeners_at_one_port(folder: Path) -> None:
    pipes = "".join(f"[pipes.{name}]\nsource = 'gate'\nsink = 'tcp://localhost:6000/{name}'\n" for name in "ab")
    said = refusal(folder, GOOD + pipes)
    assert said == "yard.toml, line 13: pipes.b would have port 6000, as pipes.a has already: give one of them another"


def test_the_page_at_a_port_somebody_else_has(folder: Path) -> None:
    said = refusal(folder, GOOD + "[pipes.b]\nsource = 'gate'\nsink = 'tcp://localhost:8080/b'\n[web]\n")
    assert said == "yard.toml, line 13: web would have port 8080, as pipes.b has already: give one of them another"


def test_a_page_of_nothing(folder: Path) -> None:
    said = refusal(folder, "[pipes.b]\nsource = 'synthetic:'\nsink = 'null:'\n[web]\n")
    assert said.startswith("yard.toml, line 4: web has nothing to show, for this file publishes no stream: name what")


def test_a_page_without_its_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = refusal(folder, GOOD + "[web]\n")
    assert said == 'yard.toml, line 10: web is not possible here: the page needs uvicorn: pip install "framebus[web]"'


def test_a_token_is_not_told(folder: Path) -> None:
    assert "my-secret" not in refusal(folder, GOOD + "[web]\ntoken = 'my-secret'\n")


def test_a_circle_of_pipes(folder: Path) -> None:
    said = refusal(folder, GOOD + "[pipes.a]\nsource = 'b'\n[pipes.b]\nsource = ['gate', 'a']\n")
    assert said.count("reads what this pipe makes itself") == 1


def test_a_dict_has_no_lines(folder: Path) -> None:
    with pytest.raises(OptionError) as caught:
        read({"streams": {"gate": {"source": "synthetic:", "fsp": 3}}, "pipes": {"look": {"source": object()}}})
    first, *rest = str(caught.value).splitlines()
    assert first == "the system has 2 mistakes:"
    assert rest[0] == "  streams.gate.fsp is not known: did you mean fps?"
    assert rest[1].startswith("  pipes.look.source = <object object at")


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(Unavailable, match=r"^none\.toml cannot be read: No such file or directory$"):
        read("none.toml")
    (folder / "bytes.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(OptionError, match=r"^bytes\.toml is not text in UTF-8"):
        read("bytes.toml")


def test_what_is_neither_a_file_nor_a_dict() -> None:
    with pytest.raises(OptionError, match=r"^int describes no system: give the path of a TOML file, or a dict$"):
        read(3)  # type: ignore[arg-type]


def test_the_good_one_is_good(folder: Path) -> None:
    (folder / "yard.toml").write_text(GOOD)
    assert [plan.key for plan in read("yard.toml").plans] == ["streams", "pipes.look", "services.segment"]
