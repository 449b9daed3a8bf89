"""Ops: any function of an array or a frame, by name or as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.contracts import Item
from framebus.core.errors import OpError, OptionError
from framebus.core.frame import Frame, Packet
from framebus.core.ops import apply, apply_together, load, load_all
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


def only(items: list[Item]) -> Frame:
    [item] = items
    assert isinstance(item, Frame)
    return item


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
    assert apply(ops, picture(1)) == []
    assert only(apply(ops, picture(2))).image[0, 0] == 253


def test_one_op_alone_needs_no_list() -> None:
    assert [op.name for op in load_all("numpy:fliplr")] == ["numpy:fliplr"]


def test_a_new_frame_without_identity_takes_the_one_it_was_made_from() -> None:
    def remade(image: Array) -> Frame:
        return Frame.of(image.astype(np.uint16), format="gray16")

    frame = picture(5)
    result = only(apply(load_all(remade), frame))
    assert (result.identity, result.captured_ns, result.format) == (frame.identity, frame.captured_ns, "gray16")


def test_results_are_in_the_format_the_op_was_given() -> None:
    frame = colour().replace(wanted="rgb24")
    result = only(apply(load_all(lambda image: image + 1), frame))
    assert result.format == "rgb24"
    gray = only(apply(load_all(lambda image: image[..., 0]), frame))
    assert gray.format == "gray8"


def test_the_next_op_is_given_the_same_order_of_colours() -> None:
    seen: list[int] = []

    def first_channel(image: Array) -> Array:
        seen.append(int(image[0, 0, 0]))
        return image.copy()

    apply(load_all([first_channel, first_channel]), colour().replace(wanted="rgb24"))
    assert seen[0] == seen[1]


def test_measurements_that_become_a_picture_are_one() -> None:
    frame = Frame.of(np.ones((4, 6), np.float32), stream="test", run=7)
    assert only(apply(load_all(lambda image: (image * 9).astype(np.uint8)), frame)).format == "gray8"
    assert only(apply(load_all(lambda image: image * 2), frame)).format == "array"


def test_an_error_names_the_op_and_the_frame() -> None:
    def broken(image: Array) -> Array:
        raise ValueError("no edges found")

    with pytest.raises(OpError, match="broken failed on frame 5 of test: ValueError: no edges found") as caught:
        load(broken)(picture(5))
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_answer_that_is_no_picture_is_refused() -> None:
    with pytest.raises(OpError, match="not str"):
        load(lambda image: "cat")(picture(0))


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"score": math.nan}, r"meta\.score is nan"),
        ({"boxes": [{"at": (1, -math.inf)}]}, r"meta\.boxes\[0\]\.at\[1\] is -inf"),
        ({"light": np.float32("nan")}, r"meta\.light is nan"),
    ],
)
def test_a_number_that_no_frame_can_carry_is_told_of_the_op_that_made_it(meta: dict[str, Any], says: str) -> None:
    def of_a_mapping(image: Any) -> Any:
        return meta

    def of_a_frame(frame: Frame) -> Frame:
        return frame.replace(meta=meta)

    for op in (of_a_mapping, of_a_frame):
        with pytest.raises(OpError, match=rf"{op.__name__} failed on frame 0 of test: BadFrame: {says}: .*None"):
            load(op)(picture(0))


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


class TestSeveralOfOne:
    @staticmethod
    def rows(image: Array) -> Iterator[Array | None]:
        """A generator: each row, but the second."""
        for number, row in enumerate(image):
            yield None if number == 1 else row[None]

    def test_each_is_told_apart_and_the_same_when_made_again(self) -> None:
        ops = load_all(self.rows)
        made = [frame.identity for frame in apply(ops, picture(1)) + apply(ops, picture(2))]
        assert len(set(made)) == len(made) == 2 * (picture(1).shape[0] - 1)
        assert made == [frame.identity for frame in apply(ops, picture(1)) + apply(ops, picture(2))]
        assert made == sorted(made), "numbers go on from frame to frame"

    def test_they_say_once_what_was_missed(self) -> None:
        made = apply(load_all(lambda image: iter([image] * 3)), picture(3).replace(missed=4))
        assert [frame.missed for frame in made[:3]] == [4, 0, 0]

    def test_each_goes_through_the_ops_that_follow(self) -> None:
        made = apply(load_all([self.rows, lambda image: image.T]), picture(1))
        assert {frame.shape for frame in made if isinstance(frame, Frame)} == {(picture(1).shape[1], 1)}

    def test_an_error_on_the_way_names_the_frame(self) -> None:
        def breaks(image: Array) -> Iterator[Array]:
            yield image
            raise ValueError("torn")

        with pytest.raises(OpError, match="breaks failed on frame 4 of test: ValueError: torn"):
            apply(load_all(breaks), picture(4))

    def test_where_one_is_wanted_several_are_an_error(self) -> None:
        with pytest.raises(OpError, match="made 3 frames of frame 1 of test where one was wanted"):
            load(lambda image: iter([image] * 3))(picture(1))

    def test_their_number_is_limited(self) -> None:
        with pytest.raises(OpError, match="limit is 4096"):
            apply(load_all(lambda image: iter([image] * 4097)), picture(1))


class TestManyAtOnce:
    def test_an_op_gets_a_list_and_answers_with_one(self) -> None:
        calls: list[int] = []

        def brighter(images: list[Array]) -> list[Array]:
            calls.append(len(images))
            return [image + np.uint8(len(images)) for image in images]

        frames = [picture(seq) for seq in range(3)]
        rows = apply_together(load_all(brighter), frames)
        assert calls == [3]
        assert [row[0].identity for row in rows] == [frame.identity for frame in frames]
        assert [int(row[0].image[0, 0]) for row in rows] == [int(frame.image[0, 0]) + 3 for frame in frames]

    def test_an_array_of_arrays_is_a_list_too(self) -> None:
        rows = apply_together(load_all(lambda images: np.stack(images) // 2), [picture(2), picture(4)])
        assert [int(row[0].image[0, 0]) for row in rows] == [1, 2]

    def test_what_is_dropped_does_not_reach_the_next_op(self) -> None:
        def odd(frames: list[Frame]) -> list[Frame | None]:
            return [frame if frame.seq % 2 else None for frame in frames]

        def count(frames: list[Frame]) -> list[dict[str, int]]:
            return [{"together": len(frames)} for _ in frames]

        rows = apply_together(load_all([odd, count]), [picture(seq) for seq in range(5)])
        assert [[dict(frame.meta) for frame in row] for row in rows] == [
            [],
            [{"together": 2}],
            [],
            [{"together": 2}],
            [],
        ]

    def test_too_few_answers_are_an_error(self) -> None:
        with pytest.raises(OpError, match="given 2 pictures and answered 1"):
            apply_together(load_all(lambda images: images[:1]), [picture(0), picture(1)])

    def test_an_error_names_the_first_frame(self) -> None:
        def broken(images: list[Array]) -> list[Array]:
            raise ValueError("dark")

        with pytest.raises(OpError, match="broken failed on frame 3 of test and the 1 with it: ValueError: dark"):
            apply_together(load_all(broken), [picture(3), picture(4)])
