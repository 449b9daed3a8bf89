"""What files are called that are made of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.batch.output_names import Naming, format_of, numbered
from framebus.core.errors import AddressError, OptionError


@pytest.mark.parametrize("place", ["small", "small/", "small//"])
def test_a_folder_mirrors_what_is_below_the_inputs(place: str) -> None:
    naming = Naming(place)
    assert naming.root == "small"
    assert naming.name("a.jpg") == "a.jpg"
    assert naming.name("2024/may/b.TIF") == "2024/may/b.TIF"


@pytest.mark.parametrize(
    ("template", "root", "inner", "name"),
    [
        ("small/{folder}/{name}-small.webp", "small", "x/y/a.jpg", "x/y/a-small.webp"),
        ("small/{folder}/{name}-small.webp", "small", "a.jpg", "a-small.webp"),
        ("{name}.{ext}", ".", "x/a.b.jpg", "a.b.jpg"),
        ("/abs/all/{name}", "/abs/all", "x/a.png", "a.png"),
        ("/{folder}/{name}.{ext}", "/", "x/a.png", "x/a.png"),
        ("out/{ext}/{folder}/{name}.png", "out", "x/a.jpg", "jpg/x/a.png"),
        ("out/{name}_{ext}.png", "out", "a.jpg", "a_jpg.png"),
    ],
)
def test_templates(template: str, root: str, inner: str, name: str) -> None:
    naming = Naming(template)
    assert (naming.root, naming.name(inner)) == (root, name)


@pytest.mark.parametrize("inner", ["clip.mp4", "raw", "x/notes.dat", ".hidden"])
def test_what_cannot_be_written_as_it_is_becomes_png(inner: str) -> None:
    name = Naming("out").name(inner)
    assert name.endswith(".png")
    assert format_of(name) == "png"


@pytest.mark.parametrize(
    ("format", "inner", "name"),
    [
        ("png", "a.jpg", "a.png"),
        ("jpeg", "a.JPEG", "a.JPEG"),
        ("jpeg", "a.png", "a.jpg"),
        ("tiff", "clip.mp4", "clip.tif"),
    ],
)
def test_a_format_that_is_asked_for(format: str, inner: str, name: str) -> None:
    assert Naming("out", format).name(inner) == name


def test_the_extension_says_what_is_written() -> None:
    assert [format_of(f"a.{ext}") for ext in ("jpg", "JPE", "tif", "WebP")] == ["jpeg", "jpeg", "tiff", "webp"]


def test_several_pictures_of_one_file_are_numbered() -> None:
    assert numbered("x/clip.png", 7) == "x/clip-00000007.png"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("", "the output is empty"),
        ("small.jpg", "one name for many files: give a folder (small.jpg/) or a template ({name}-small.jpg)"),
        ("out/{nme}.jpg", "nothing is called {nme}: did you mean name"),
        ("out/{name.jpg", "a brace too many"),
        ("out/{folder}/x.jpg", "one name for many files"),
        ("out/{folder}/../{name}.jpg", "'.' and '..' may only come before"),
        ("out/{name}.exr", "pictures are written as .jpg"),
    ],
)
def test_what_cannot_be_a_name_is_refused(place: str, text: str) -> None:
    with pytest.raises(AddressError) as caught:
        Naming(place)
    assert text in str(caught.value)


def test_format_and_template_must_agree() -> None:
    assert Naming("out/{name}.jpg", "jpeg").name("a.png") == "a.jpg"
    with pytest.raises(OptionError, match="format=png does not fit"):
        Naming("out/{name}.jpg", "png")


def test_a_folder_may_be_called_like_a_file_where_it_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "a.jpg"
    folder.mkdir()
    assert Naming(str(folder)).root == str(folder)
