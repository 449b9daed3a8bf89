"""What all ops promise: in a pipe, as functions, for every kind of picture, by name."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import framebus.ops
from framebus.core.callables import Ready, find
from framebus.core.errors import BadFrame, OptionError
from framebus.core.formats import convert
from framebus.core.frame import Frame
from framebus.core.ops import load
from framebus.core.registry import BUILT_IN_OPS, OPS
from framebus.ops import describe
from framebus.testing import OpConformance
from tests.ops.pictures import ALL_TYPES, Array, images, noise

SPECS = [
    "average=3",
    "blur=2",
    "colour=contrast=1.2,saturation=0.5",
    "colourmap=turbo",
    "convert=rgb24",
    "crop=20x10",
    "draw=colour=red",
    "edges=50,100",
    "decode",
    "equalise=local",
    "fft=normalise=yes",
    "flip=both",
    "gray",
    "invert",
    "mask=5x5+1+1",
    "normalise=1",
    "pad=100x100,colour=#ff8000",
    "resize=20x15,fit=fill",
    "rotate=33",
    "sample=2",
    "sharpen=0.5",
    "threshold=otsu",
    "window=10,100",
]
DEEP = {"average", "blur", "crop", "fft", "flip", "gray", "invert", "mask", "normalise", "pad", "resize", "rotate"}
DEEP |= {"sample", "sharpen", "threshold", "window", "colourmap", "convert"}
REMEMBERING = {"average", "decode", "sample"}
REAL = DEEP - {"threshold", "convert"}


def name_of(spec: str) -> str:
    return spec.partition("=")[0]


class Suite(OpConformance):
    """Every op as part of a pipe."""

    spec = ""

    @property
    def formats(self) -> tuple[str, ...]:  # type: ignore[override]
        more = [format for format, ops in (("gray16", DEEP), ("float", REAL)) if name_of(self.spec) in ops]
        return ("bgr24", "rgb24", "gray8", "i420", *more)

    def make(self) -> str:
        return self.spec


PROMISES = [name for name in dir(OpConformance) if name.startswith("test_")]


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("spec", SPECS)
def test_every_op_works_in_a_pipe(spec: str, promise: str) -> None:
    suite = Suite()
    suite.spec = spec
    getattr(suite, promise)()


def test_every_op_is_tried_here() -> None:
    assert sorted(map(name_of, SPECS)) == sorted(BUILT_IN_OPS)


@given(images((*ALL_TYPES, "complex64")))
def test_a_picture_works_or_is_refused_and_never_changes(image: Array) -> None:
    before = image.copy()
    for spec in SPECS:
        try:
            result = Ready(find(spec))(Frame.of(image, format="array"))
            assert result is None or isinstance(result, Frame)
        except BadFrame:
            pass
        assert np.array_equal(image, before, equal_nan=image.dtype.kind in "fc")


@pytest.mark.parametrize("spec", [spec for spec in SPECS if name_of(spec) not in {"decode", "sample"}])  # no pixel
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4, 5), (0, 5), (5, 0, 3), (5, 5, 0), (2, 3, 600)])
def test_what_is_no_picture_is_refused(spec: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadFrame, match=rf"{name_of(spec)} works on pictures \(height, width\[, channels\]\), not on"):
        Ready(find(spec))._function(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("thing", [None, 3, "clip.mp4", (1, 2)])
def test_what_is_no_array_is_refused(thing: Any) -> None:
    with pytest.raises(BadFrame, match="gray works on arrays"):
        framebus.ops.gray(thing)


# frames -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [spec for spec in SPECS if name_of(spec) != "convert"])
@pytest.mark.parametrize("wanted", ["", "rgb24", "bgr24", "native"])
@pytest.mark.parametrize("format", ["bgr24", "rgb24", "i420"])
def test_the_same_picture_gives_the_same_result_in_every_format(spec: str, wanted: str, format: str) -> None:
    image = convert(convert(noise(30, 40), "bgr24", "i420"), "i420", "bgr24")
    plain = load(spec)(Frame.of(image, run=1))
    content = image if format == "bgr24" else convert(image, "bgr24", format)
    result = load(spec)(Frame.of(content, format=format, run=1).replace(wanted=wanted))
    assert plain is not None
    assert result is not None
    if format != "i420":
        assert np.array_equal(result.bgr if result.format in ("rgb24", "i420") else result.data, plain.data)
    elif result.format != "i420":
        assert (result.format, result.shape) == (plain.format, plain.shape)


def test_who_wants_red_first_gets_it_after_ops_as_well() -> None:
    frame = Frame.of(noise(20, 20), run=1).replace(wanted="rgb24")
    result = load("crop=10x10")(frame)
    assert result is not None
    assert np.array_equal(result.image, frame.bgr[5:15, 5:15, ::-1])


def test_who_wants_gray_gets_ops_on_gray() -> None:
    frame = Frame.of(noise(20, 20), run=1).replace(wanted="gray8")
    result = load("crop=10x10")(frame)
    assert result is not None
    assert (result.format, result.shape) == ("gray8", (10, 10))


@pytest.mark.parametrize(
    ("image", "spec", "format"),
    [
        (noise(20, 20), "gray", "gray8"),
        (noise(20, 20), "resize=6x6", "bgr24"),
        (noise(20, 20, None).astype(np.uint16), "resize=6x6", "gray16"),
        (noise(20, 20, None).astype(np.float32), "normalise", "gray8"),
        (noise(20, 20).astype(np.float32), "normalise", "bgr24"),
        (noise(20, 20, None), "colourmap", "bgr24"),
        (noise(20, 20), "fft", "array"),
        (noise(20, 20, 4), "resize=6x6", "array"),
    ],
)
def test_answers_say_what_their_pixels_are(image: Array, spec: str, format: str) -> None:
    result = load(spec)(Frame.of(image))
    assert result is not None
    assert result.format == format


def test_what_is_said_to_be_no_picture_stays_so() -> None:
    result = load("resize=6x6")(Frame.of(noise(20, 20), format="array"))
    assert result is not None
    assert result.format == "array"


def test_frames_keep_everything_else() -> None:
    frame = Frame.of(noise(20, 20), stream="cam", run=9, seq=7, meta={"a": 1}, arrays={"b": np.ones(3)}, captured_ns=5)
    result = framebus.ops.gray(frame)
    assert isinstance(result, Frame)
    assert (result.identity, result.meta, result.captured_ns) == (frame.identity, frame.meta, 5)
    assert np.array_equal(result.arrays["b"], np.ones(3))


def test_nothing_to_do_gives_the_same_frame() -> None:
    frame = Frame.of(noise(20, 30))
    assert framebus.ops.resize(frame, "30x20") is frame
    assert load("crop=30x20")(frame) is frame


def test_a_list_gives_a_list() -> None:
    frames = [Frame.of(noise(20, 20, seed=seed), seq=seed) for seed in range(3)]
    assert [frame.shape for frame in Ready(find("gray"))._function(frames)] == [(20, 20)] * 3


# names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(BUILT_IN_OPS) - REMEMBERING))
def test_every_op_is_a_function_too(name: str) -> None:
    function = getattr(framebus.ops, name)
    assert (function.__name__, function.__module__) == (name, OPS.get(name).__module__)
    assert function.__doc__
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301  (our own)
    assert name in framebus.ops.__all__


@pytest.mark.parametrize("name", sorted(REMEMBERING))
def test_ops_that_remember_are_no_functions(name: str) -> None:
    with pytest.raises(AttributeError, match=f"'{name}=…' among ops"):
        getattr(framebus.ops, name)


def test_a_function_is_an_op_by_itself() -> None:
    frame = Frame.of(noise(20, 20), run=1, seq=2, format="rgb24").replace(wanted="rgb24")
    result = load(framebus.ops.gray)(frame)
    assert result is not None
    assert np.array_equal(result.data, framebus.ops.gray(frame.bgr))


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rezise'"):
        framebus.ops.rezise  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(OptionError, match="did you mean resize"):
        load("rezise=3x3")


def test_no_module_hides_a_function() -> None:
    from pkgutil import iter_modules

    assert {module.name for module in iter_modules(framebus.ops.__path__)} & set(framebus.ops.__all__) == set()
    assert set(dir(framebus.ops)) == set(framebus.ops.__all__)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("gray=3", r"gray: too many positional arguments \(as in gray\)"),
        ("crop", r"crop: missing a required argument: 'area' \(as in crop="),
        ("resize=512x512,fitt=fill", "resize does not take fitt=: did you mean fit"),
        ("blur=2,2", "blur: too many positional arguments"),
        ("gray=a=1", "gray does not take a=: there is none"),
    ],
)
def test_wrong_arguments_are_named(spec: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        load(spec)


# what there is to know --------------------------------------------------------------------------------------


def test_every_op_is_described() -> None:
    described = describe()
    assert [one.name for one in described] == sorted(BUILT_IN_OPS)
    assert all(one.about.endswith(".") and one.example.startswith(one.name) for one in described)
    assert {one.name for one in described if one.remembers} == REMEMBERING


@pytest.mark.parametrize("name", sorted(BUILT_IN_OPS))
def test_every_argument_is_described(name: str) -> None:
    (one,) = [one for one in describe() if one.name == name]
    assert all(argument.about for argument in one.arguments)
    parameters = inspect.signature(OPS.get(name).__init__).parameters
    assert [argument.name for argument in one.arguments] == list(parameters)[1:]


@pytest.mark.parametrize("one", describe(), ids=lambda one: one.name)
def test_every_example_can_be_built(one: framebus.ops.Description) -> None:
    load(one.example)


def test_defaults_are_written_as_they_are_typed() -> None:
    (resize,) = [one for one in describe() if one.name == "resize"]
    defaults = {argument.name: (argument.default, argument.positional) for argument in resize.arguments}
    assert defaults["size"] == ("", True)
    assert (defaults["enlarge"], defaults["fit"]) == (("yes", False), ("exact", False))


def test_the_page_about_ops_names_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs/howto/ops.md").read_text()
    assert [name for name in BUILT_IN_OPS if not re.search(rf"`{name}[=`]", page)] == []


def test_specs_on_the_page_can_be_built() -> None:
    page = (Path(__file__).parents[2] / "docs/howto/ops.md").read_text()
    specs = re.findall(rf"`((?:{'|'.join(BUILT_IN_OPS)})=[^`\[]+)`", page)
    assert len(specs) > 25
    for spec in specs:
        load(spec)
