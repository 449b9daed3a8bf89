"""`framebus call` as people use it: what is there, doing it, keeping what came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.cli import call_answers as answers
from framebus.cli.call_words import arguments, setting, value, word
from framebus.core.errors import AddressError, BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.testing.children import Child
from framebus.work.objects.attributes import Takes
from tests.conftest import StartChild

CAMERA = '''
import time, numpy as np, framebus as fb
class Camera:
    """A camera that counts."""
    def __init__(self, gain=1, emit=None):
        self.exposure_ms = 10.0
        self.gain = gain
        self._emit = emit
    @property
    def temperature(self) -> float:
        """Of the sensor."""
        return 36.5
    @property
    def lens(self) -> str:
        raise RuntimeError("there is none")
    def read(self) -> "Frame":
        """The newest picture."""
        return fb.Frame.of(np.full((48, 64, 3), int(self.exposure_ms), np.uint8), stream="cam", run=1, seq=4)
    def depth(self):
        return np.full((480, 640), 7.5, np.float32)
    def move(self, x, y, speed=1.0):
        return {"at": (x, y), "speed": speed}
    def frames(self, count):
        for number in range(count):
            yield np.full((48, 64), number, np.uint8)
    def fail(self):
        raise ValueError("too dark")
    def tell(self, what):
        self._emit(what)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "camera.py").write_text(CAMERA)
    return tmp_path


@pytest.fixture
def server(child: StartChild, folder: Path) -> Child:
    process = child("-m", "framebus", "serve", "camera.py:Camera=gain=3", "shm://cam", cwd=folder)
    process.wait_line("serving")
    return process


def call(child: StartChild, folder: Path, *words: str) -> Child:
    return child("-m", "framebus", "call", "shm://cam", *words, cwd=folder)


def test_alone_it_lists_what_there_is(child: StartChild, server: Child, folder: Path) -> None:
    lines = call(child, folder).succeed().splitlines()
    assert lines[0] == "Camera at shm://cam: A camera that counts."
    shown = [line.split("   ") for line in lines[1:]]
    table = {left.strip(): right.strip() for left, *_, right in (row if len(row) > 1 else [*row, ""] for row in shown)}
    assert table["exposure_ms = 10.0"] == "float"
    assert table["temperature = 36.5"] == "float · read only · Of the sensor."
    assert table["lens = RuntimeError: there is none"] == "str · read only"
    assert table["read() -> Frame"] == "The newest picture."
    assert "move(x, y, speed=1.0)" in table


def test_the_list_is_there_for_programs_too(child: StartChild, server: Child, folder: Path) -> None:
    found = json.loads(call(child, folder, "--json").succeed())
    members = {member.pop("name"): member for member in found["members"]}
    assert (found["name"], found["address"]) == ("Camera", "shm://cam")
    assert members["gain"] == {"kind": "attribute", "type": "int", "writable": True, "value": 3}
    assert members["lens"]["error"] == "RuntimeError: there is none"
    assert members["read"] == {"kind": "method", "signature": "() -> Frame", "doc": "The newest picture."}


def test_it_sets_reads_and_calls_in_the_order_given(child: StartChild, server: Child, folder: Path) -> None:
    said = call(child, folder, "exposure_ms=12", "exposure_ms", "move=3,4,speed=fast", "temperature").succeed()
    assert said.splitlines() == ["12", '{"at":[3,4],"speed":"fast"}', "36.5"]


def test_pictures_and_arrays_are_told_by_what_they_are(child: StartChild, server: Child, folder: Path) -> None:
    lines = call(child, folder, "read", "depth", "frames=2").succeed().splitlines()
    assert lines[0].startswith("frame 4 of cam · 64x48x3 bgr24 · ")
    assert lines[1] == "array 640x480 float32 · 7.5 to 7.5, mean 7.5"
    assert lines[3] == "array 64x48 uint8 · 1 to 1, mean 1"
    as_json = call(child, folder, "read", "depth", "--json").succeed().splitlines()
    assert json.loads(as_json[0])["shape"] == [48, 64, 3]
    assert json.loads(as_json[1]) == {"shape": [480, 640], "dtype": "float32"}


def test_pictures_are_saved(child: StartChild, server: Child, folder: Path) -> None:
    process = call(child, folder, "exposure_ms=7", "read", "--save", "x.png")
    assert process.succeed() == ""
    assert "saved x.png · frame 4 of cam" in process.stderr
    assert (folder / "x.png").read_bytes().startswith(b"\x89PNG")
    call(child, folder, "depth", "--save", "depth.npy").succeed()
    assert (np.load(folder / "depth.npy") == 7.5).all()
    call(child, folder, "frames=3", "--save", "shot.png").succeed()
    assert sorted(path.name for path in folder.glob("shot*")) == ["shot-0.png", "shot-1.png", "shot-2.png"]
    assert not list(folder.glob(".*.partial"))


def test_a_picture_that_a_png_cannot_hold_says_what_it_became(child: StartChild, server: Child, folder: Path) -> None:
    process = call(child, folder, "depth", "--save", "depth.png")
    process.succeed()
    assert "saved depth.tif" in process.stderr


def test_events_are_printed_until_ctrl_c(child: StartChild, server: Child, folder: Path) -> None:
    process = call(child, folder, "temperature", "events")
    process.wait_line("36.5")
    while not process.stdout.count("\n") > 1:
        call(child, folder, "tell=moved").succeed()
    process.interrupt()
    assert process.wait() == 0
    assert process.stdout.splitlines()[1] == "moved"


def test_stop_ends_the_server(child: StartChild, server: Child, folder: Path) -> None:
    assert call(child, folder, "stop").succeed() == ""
    assert server.wait() == 0
    assert "answered in" in server.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["raed"], 3, "Camera has no 'raed': did you mean read"),
        (["gian=3"], 3, "did you mean gain?"),
        (["move=1,2", "speed=3"], 3, "; move takes one: move=speed=3"),
        (["exposure_ms=long"], 2, "exposure_ms takes a number, and 'long' is none"),
        (["fail"], 3, "Camera.fail() failed: ValueError: too dark"),
        (["move"], 3, "missing 2 required positional arguments"),
        (["temperature=3"], 3, "Camera.temperature can only be read"),
        (["3=4"], 2, "'3=4' names no method or attribute"),
        (["read", "--save", "x.gif"], 2, "name a file that ends in .png"),
        (["read", "--svae", "x.png"], 2, "did you mean --save"),
        (["gain", "--save", "x.png"], 3, "no picture and no array came: nothing was saved as x.png"),
        (["read", "--save", "nowhere/x.png"], 4, "nowhere/x.png cannot be written"),
        (["temperature", "--timeout", "soon"], 2, "soon"),
    ],
)
def test_what_goes_wrong_is_one_clear_line(
    child: StartChild, server: Child, folder: Path, words: list[str], code: int, says: str
) -> None:
    process = call(child, folder, *words)
    assert process.wait() == code, process.stderr
    assert says in process.stderr
    assert "Traceback" not in process.stderr


def test_nobody_there_names_the_address(child: StartChild, folder: Path) -> None:
    process = call(child, folder, "read", "--timeout", "50ms")
    assert process.wait() == 4
    assert "nobody serves shm://cam" in process.stderr


# words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "positional", "named"),
    [
        ("", (), {}),
        ("3", (3,), {}),
        ("3,-4.5,speed=0.5", (3, -4.5), {"speed": 0.5}),
        ("fast", ("fast",), {}),
        ("[0, 0, 640, 480],mode='a,b'", ([0, 0, 640, 480],), {"mode": "a,b"}),
        ("yolo.onnx,conf=0.4", ("yolo.onnx",), {"conf": 0.4}),
        ("/dev/video0,mode=8bit", ("/dev/video0",), {"mode": "8bit"}),
        ("None,True", (None, True), {}),
        ("__import__('os').system('x')", ("__import__('os').system('x')",), {}),
    ],
)
def test_arguments_are_written_as_in_python_or_as_plain_words(
    text: str, positional: tuple[Any, ...], named: dict[str, Any]
) -> None:
    assert arguments(text) == (positional, named)


def test_a_value_is_whatever_it_looks_like() -> None:
    assert [value(text) for text in ("12", "[1, 2]", "auto", "(1, 2)")] == [12, [1, 2], "auto", (1, 2)]
    assert [value(text) for text in ("True", "true", "false", "None", "'true'")] == [True, True, False, None, "true"]
    assert word("a=b=c") == ("a", "b=c")
    assert word("read") == ("read", None)
    with pytest.raises(OptionError, match="names no method"):
        word("--x")


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        *(("switch", text, True) for text in ("True", "true", "yes", "on", "ON")),
        *(("switch", text, False) for text in ("False", "false", "no", "off")),
        ("whole", "12.5", 12.5),
        ("number", "12", 12),
        ("number", "None", None),
        ("text", "auto", "auto"),
        ("text", "12", "12"),
        ("text", "'12'", "12"),
        ("json", "auto", "auto"),
    ],
)
def test_an_attribute_is_set_to_what_it_takes(kind: Takes, text: str, found: object) -> None:
    assert repr(setting("light", text, kind)) == repr(found)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("switch", "bright", "light takes true or false, and 'bright' is none"),
        ("switch", "1", "true or false"),
        ("number", "fast", "takes a number"),
        ("whole", "'12'", "takes a number"),
    ],
)
def test_and_to_nothing_else(kind: Takes, text: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        setting("light", text, kind)


def test_answers_for_people() -> None:
    assert answers.text("plain") == "plain"
    assert answers.text(0.5) == "0.5"
    assert answers.text([1, {"a": np.arange(3)}]) == '[1,{"a":[0,1,2]}]'
    assert answers.text(np.zeros((2, 2))) == "[[0.0,0.0],[0.0,0.0]]"
    assert answers.text(Frame.of(np.zeros((4, 6), np.uint16), captured_ns=0)) == "a frame · 6x4 gray16"


def test_what_makes_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFrame, match=r"an answer of type int makes no \.npy file"):
        answers.save(3, str(tmp_path / "x.npy"))
    with pytest.raises(AddressError):
        answers.check_file("x")
    with pytest.raises(Unavailable):
        answers.save({"a": 1}, str(tmp_path / "nowhere" / "x.json"))
    assert answers.save({"a": np.arange(2)}, str(tmp_path / "x.json")) == str(tmp_path / "x.json")
    assert (tmp_path / "x.json").read_text() == '{"a":[0,1]}'
