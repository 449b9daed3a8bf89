"""Functions and classes by name or as they are, and how they are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.callables import Ready, find, split, takes_frame
from framebus.core.errors import OptionError
from framebus.core.frame import Frame

Array = npt.NDArray[Any]

FILE = """
from beside import TIMES

def half(image):
    return image[::2, ::2]

def add(image, amount, *, times=TIMES):
    return image + amount * times

class Threshold:
    built = 0
    def __init__(self, level=100):
        self.level = level
        Threshold.built += 1
    def __call__(self, image):
        return image > self.level, Threshold.built

class Lazy:
    pass
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A file of functions, which imports what lies beside it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "beside.py").write_text("TIMES = 1\n")
    path = tmp_path / "functions.py"
    path.write_text(FILE)
    yield str(path)
    sys.modules.pop("beside", None)


def picture(seq: int = 0) -> Frame:
    return Frame.of(np.full((4, 4, 3), 5, np.uint8), stream="cam", run=1, seq=seq)


def test_a_function_gets_the_picture_and_the_arguments_after_the_equals_sign(file: str) -> None:
    assert Ready(find(f"{file}:half"))(picture()).shape == (2, 2, 3)
    assert Ready(find(f"{file}:add=2,times=3"))(picture())[0, 0, 0] == 11


def test_a_class_is_built_once_and_called_with_every_frame(file: str) -> None:
    ready = Ready(find(f"{file}:Threshold=level=4"))
    answers = [ready(picture(seq)) for seq in range(3)]
    assert [built for _, built in answers] == [1, 1, 1]
    assert answers[0][0].all()


def test_a_parameter_called_or_annotated_frame_gets_the_frame() -> None:
    def named(frame):  # type: ignore[no-untyped-def]
        return frame

    def typed(anything: Frame) -> Frame:
        return anything

    def text(anything: framebus.Frame) -> Any:  # type: ignore[name-defined]  # noqa: F821
        return anything

    assert [takes_frame(function) for function in (named, typed, text)] == [True] * 3
    assert [Ready(find(function))(picture(7)).seq for function in (named, typed, text)] == [7, 7, 7]


@pytest.mark.parametrize("function", [lambda image: image, np.fliplr, partial(np.rot90, k=2), len, lambda: None])
def test_everything_else_gets_the_picture(function: Any) -> None:
    assert not takes_frame(function)


def test_what_is_given_as_it_is_keeps_its_name() -> None:
    assert find(np.fliplr).name == "fliplr"
    assert find(partial(np.rot90, k=2)).name == "partial"


def test_modules_work_like_files() -> None:
    assert Ready(find("numpy:fliplr"))(picture()).shape == (4, 4, 3)


@pytest.mark.parametrize("text", ["half", ":half", "file.py:", "=3"])
def test_a_text_without_place_and_name_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"file\.py:function"):
        split(text)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("missing.py:half", "missing.py does not exist"),
        ("no_such_module:half", "no_such_module"),
        ("numpy:flipr", "did you mean fliplr"),
        ("FILE:hlaf", "did you mean half"),
    ],
)
def test_what_cannot_be_found_is_named_with_the_nearest(file: str, spec: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        find(spec.replace("FILE", file))


@pytest.mark.parametrize(("spec", "says"), [("FILE:Lazy", "__call__"), ("FILE:Threshold=levle=3", "levle")])
def test_a_class_that_cannot_be_built_or_called_says_so(file: str, spec: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        Ready(find(spec.replace("FILE", file)))


def test_a_file_that_fails_to_import_says_why(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    with pytest.raises(OptionError, match="ZeroDivisionError"):
        find(f"{path}:anything")


def test_a_size_is_no_number_of_another_base() -> None:
    assert find("builtins:print=0x512,sep=3x4,end=5").arguments == ("0x512",)
    assert find("builtins:print=0x512,sep=3x4,end=5").named == {"sep": "3x4", "end": 5}
