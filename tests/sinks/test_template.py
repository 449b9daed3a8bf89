"""File names made from frames, and read back."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import AddressError, BadFrame
from framebus.core.names import valid_name
from framebus.sinks.folder.template import Template
from framebus.testing.samples import samples

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize(
    ("text", "root", "pattern"),
    [
        ("frames/", "frames", "{stream}-{seq}.png"),
        ("/data/frames/", "/data/frames", "{stream}-{seq}.png"),
        ("./", ".", "{stream}-{seq}.png"),
        ("../up/", "../up", "{stream}-{seq}.png"),
        ("x-{seq}.tif", ".", "x-{seq}.tif"),
        ("a/b/x-{seq}.jpg", "a/b", "x-{seq}.jpg"),
        ("a/{stream}/x-{seq}.jpg", "a", "{stream}/x-{seq}.jpg"),
        ("a/{stream}/", "a", "{stream}/{stream}-{seq}.png"),
        ("/{date}/{seq}.png", "/", "{date}/{seq}.png"),
    ],
)
def test_the_root_is_what_comes_before_the_first_placeholder(text: str, root: str, pattern: str) -> None:
    template = Template(text)
    assert (template.root, template.pattern) == (root, pattern)


def test_an_existing_folder_needs_no_slash(tmp_path: Path) -> None:
    assert Template(str(tmp_path)).root == str(tmp_path)


def test_names_are_made_from_the_frame() -> None:
    frame = samples(1)[0].replace(
        stream="door", captured_ns=1_795_269_787 * 10**9, meta={"path": r"C:\photos\my cat.jpg"}
    )
    filled = Template("x/{stream}/{date}/{time}-{name}-{seq}.jpg").fill(frame, 42)
    assert filled == "door/2026-11-21/14-03-07-my-cat-00000042.jpg"


def test_without_a_file_of_its_own_a_frame_is_named_by_its_stream() -> None:
    assert Template("{name}{seq}.png").fill(samples(1)[0], 1) == "sample00000001.png"


def test_numbers_above_eight_digits_get_more() -> None:
    assert Template("frames/").fill(samples(1)[0], 10**9) == "sample-1000000000.png"


@given(stream=NAMES, number=st.integers(0, 10**10), seconds=st.integers(0, 4 * 10**9))
@pytest.mark.parametrize("text", ["frames/", "{stream}/{date}/{time}-{seq}.jpg", "{stream}{seq}.tif"])
def test_what_was_filled_in_is_matched(text: str, stream: str, number: int, seconds: int) -> None:
    frame = samples(1)[0].replace(stream=stream, captured_ns=seconds * 10**9)
    template = Template(text)
    path = template.fill(frame, number)
    if text != "{stream}{seq}.tif":  # where digits follow digits nobody can tell
        assert template.match(path) == (stream, number)
    assert template.match(path) is not None


@given(name=NAMES, number=st.integers(0, 10**10))
def test_names_that_do_not_tell_the_stream_match_for_all(name: str, number: int) -> None:
    template = Template("shots/{name}-{seq}.png")
    assert not template.per_stream
    assert template.match(f"{name}-{number:08d}.png") == ("", number)


def test_a_tiff_in_place_of_a_png_is_matched() -> None:
    assert Template("frames/").match("door-00000007.tif") == ("door", 7)


@pytest.mark.parametrize(
    "name",
    [
        "door.png",
        "door-7.png",
        "door-00000007.gif",
        "-00000007.png",
        "x/door-00000007.png",
        "door-00000007.png~",
    ],
)
def test_other_files_are_not(name: str) -> None:
    assert Template("frames/").match(name) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x.png", r"one name for many frames: number them, x-\{seq\}\.png"),
        ("{stream}/{seq}/x.png", "one name for many frames"),
        ("{seq}.gif", r"image files end in \.png, \.jpg"),
        ("{seq}", "image files end in"),
        ("{straem}-{seq}.png", r"nothing is called \{straem\}: did you mean stream"),
        ("{}-{seq}.png", r"nothing is called \{\}"),
        ("{seq}}.png", "a brace too many"),
        ("{stream}/../{seq}.png", r"'\.\.' may only come before"),
        ("{stream}/./{seq}.png", r"'\.\.' may only come before"),
    ],
)
def test_names_that_cannot_work_are_explained(text: str, said: str) -> None:
    with pytest.raises(AddressError, match=said):
        Template(text)


@pytest.mark.parametrize("stream", ["", "../x", "a/b", ".", "..", "x\0", "x\n", "a" * 65, "-rf"])
def test_hostile_stream_names_make_no_path(stream: str) -> None:
    with pytest.raises(BadFrame, match="cannot be part of a file name"):
        Template("frames/").fill(samples(1)[0].replace(stream=stream), 0)


@given(st.text(max_size=40))
def test_whatever_the_path_of_the_source_the_name_stays_a_name(path: str) -> None:
    filled = Template("{name}-{seq}.png").fill(samples(1)[0].replace(meta={"path": path}), 0)
    assert os.path.basename(filled) == filled
    assert valid_name(filled.removesuffix("-00000000.png"))
