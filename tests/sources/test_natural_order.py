"""Which files a folder or glob means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import Unavailable
from framebus.sources.folder.natural_order import files, natural

KNOWN = frozenset({"png", "jpg"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("img10.png", "img2.png", "IMG1.PNG", "b.jpg", "notes.txt", ".hidden.png", ".img3.png.partial"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "img5.png").touch()
    return tmp_path


def names(paths: list[str]) -> list[str]:
    return [os.path.basename(path) for path in paths]


def test_a_folder_is_its_own_visible_images_in_natural_order(folder: Path) -> None:
    assert names(files(str(folder), KNOWN)) == ["b.jpg", "IMG1.PNG", "img2.png", "img10.png"]


def test_a_glob_chooses(folder: Path) -> None:
    assert names(files(f"{folder}/img*", KNOWN)) == ["img2.png", "img10.png"]


def test_two_stars_go_into_folders(folder: Path) -> None:
    assert "img5.png" in names(files(f"{folder}/**/*.png", KNOWN))


def test_a_file_is_taken_by_any_name(folder: Path) -> None:
    assert names(files(str(folder / "notes.txt"), KNOWN)) == ["notes.txt"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("{0}/deeper/nothing", r"no such file or folder \(looked in "),
        ("{0}/*.bmp", "matches no file"),
        ("{0}/not*", r"holds no images \(1 other files: txt\): known are jpg, png"),
        ("{0}/void", r"holds no images \(it is empty\)"),
    ],
)
def test_where_there_is_nothing_the_error_says_what_was_there(folder: Path, place: str, said: str) -> None:
    (folder / "void").mkdir()
    with pytest.raises(Unavailable, match=said):
        files(place.format(folder), KNOWN)


def test_where_folders_inside_hold_files_the_error_names_them(tmp_path: Path) -> None:
    for name in ("gate/monday/a.mp4", "yard/monday/b.mp4", "yard/notes.txt", "yard/.hidden.mkv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(Unavailable) as caught:
        files(f"{tmp_path}/", KNOWN)
    assert "(2 mp4, 1 txt)" in str(caught.value)
    assert str(caught.value).endswith(f"framebus info '{tmp_path}/**/*.mp4'")


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_numbers_are_ordered_as_numbers(numbers: list[int]) -> None:
    found = sorted((f"shot {number}.png" for number in numbers), key=natural)
    assert found == [f"shot {number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(max_size=20)).flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(texts))))
def test_any_names_have_one_order(texts: tuple[list[str], list[str]]) -> None:
    one, other = texts
    assert sorted(one, key=natural) == sorted(other, key=natural)
