"""Ops: any function of an array or a frame, by name or as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.contracts import Item
from framebus.core.errors import OpError, OptionError
from framebus.core.frame import Frame, Packet
from framebus.core.ops import apply, load, load_all
from tests.verbs.makers import picture

Array = npt.NDArray[Any]

OPS = """
import numpy as np
from framebus import Frame

def half(image):
    return image[::2, ::2]

def add(image, amount, *, times=1):
    return image + np.uint8(amount * times)

def number(frame):
    return {"number": frame.seq}

def typed(anything: "Frame"):
    return anything

class Threshold:
    def __init__(self, level=100):
        self.level = level
    def __call__(self, image):
        return (image > self.level) * np.uint8(255)

class Lazy:
    pass

def _hidden(image):
    return image
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "my_ops.py"
    path.write_text(OPS)
    return str(path)


def applied(spec: str, frame: Frame) -> Frame:
    result = load(spec)(frame)
    assert isinstance(result, Frame)
    return result


def colour() -> Frame:
    return Frame.of(np.arange(48, dtype=np.uint8).reshape(4, 4, 3), stream="cam", run=7, seq=3, meta={"a": 1})


def test_an_array_goes_in_and_an_array_comes_out_under_the_same_identity(file: str) -> None:
    frame = colour()
    result = applied(f"{file}:half", frame)
    assert result.shape == (2, 2, 3)
    assert result.identity == frame.identity
    assert (result.captured_ns, result.meta) == (frame.captured_ns, frame.meta)
    assert np.array_equal(result.image, frame.image[::2, ::2])


def test_arguments_follow_an_equals_sign(file: str) -> None:
    assert applied(f"{file}:add=2,times=3", picture(1)).image[0, 0] == 7


def test_a_dict_becomes_metadata_beside_what_is_there(file: str) -> None:
    result = applied(f"{file}:number", colour())
    assert result.meta == {"a": 1, "number": 3}


@pytest.mark.parametrize("name", ["number", "typed"])
def test_a_parameter_called_or_typed_frame_gets_the_frame(file: str, name: str) -> None:
    assert applied(f"{file}:{name}", picture(3)).seq == 3


def test_a_class_is_built_once_and_called_for_every_frame(file: str) -> None:
    op = load(f"{file}:Threshold=level=1")
    results = [op(picture(seq)) for seq in (0, 1, 2)]
    assert [result.image.max() for result in results if result is not None] == [0, 0, 255]


def test_modules_work_like_files() -> None:
    assert applied("numpy:fliplr", picture(0)).shape == (2, 3)


def test_none_drops_the_frame_and_ops_run_in_order() -> None:
    def even(frame: Frame) -> Frame | None:
        return frame if frame.seq % 2 == 0 else None

    def inverted(image: Array) -> Array:
        return 255 - image

    ops = load_all([even, inverted])
    assert apply(ops, picture(1)) is None
    result = apply(ops, picture(2))
    assert isinstance(result, Frame)
    assert result.image[0, 0] == 253


def test_one_op_alone_needs_no_list() -> None:
    assert [op.name for op in load_all("numpy:fliplr")] == ["numpy:fliplr"]


def test_a_new_frame_without_identity_takes_the_one_it_was_made_from() -> None:
    def remade(image: Array) -> Frame:
        return Frame.of(image.astype(np.uint16), format="gray16")

    frame = picture(5)
    result = apply(load_all(remade), frame)
    assert isinstance(result, Frame)
    assert (result.identity, result.captured_ns, result.format) == (frame.identity, frame.captured_ns, "gray16")


def test_results_are_in_the_format_the_op_was_given() -> None:
    frame = colour().replace(wanted="rgb24")
    result = apply(load_all(lambda image: image + 1), frame)
    assert isinstance(result, Frame)
    assert result.format == "rgb24"
    gray = apply(load_all(lambda image: image[..., 0]), frame)
    assert isinstance(gray, Frame)
    assert gray.format == "gray8"


def test_an_error_names_the_op_and_the_frame() -> None:
    def broken(image: Array) -> Array:
        raise ValueError("no edges found")

    with pytest.raises(OpError, match="broken failed on frame 5 of test: ValueError: no edges found") as caught:
        load(broken)(picture(5))
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_answer_that_is_no_picture_is_refused() -> None:
    with pytest.raises(OpError, match="not str"):
        load(lambda image: "cat")(picture(0))  # type: ignore[arg-type, return-value]


def test_packets_cannot_be_worked_on() -> None:
    packet: Item = Packet(data=memoryview(b"x"), codec="h264", key=True, pts=0, dts=0, stream="cam")
    with pytest.raises(OpError, match="packets of cam"):
        load("numpy:fliplr")(packet)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("half", "file.py:function"),
        ("missing.py:half", "missing.py does not exist"),
        ("no_such_module:half", "no_such_module"),
        ("numpy:flipr", "fliplr"),
        ("FILE:hlaf", "half"),
        ("FILE:Lazy", "__call__"),
        ("FILE:Threshold=levle=3", "levle"),
    ],
)
def test_what_cannot_be_found_is_named_with_the_nearest(file: str, spec: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        load(spec.replace("FILE", file))


def test_a_file_that_fails_to_import_says_why(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import numpy\n1 / 0\n")
    with pytest.raises(OptionError, match="ZeroDivisionError"):
        load(f"{path}:anything")
