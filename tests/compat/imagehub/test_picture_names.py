"""Files are called as imagehub calls them, and nothing a sender writes leads out of the directory."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.compat.imagehub.picture_names import MAX_BYTES, file_name, harmless
from framebus.compat.imagehub.picture_store import Images

WHEN = datetime(2018, 12, 30, 23, 13, 31, 620992)

hostile = st.text() | st.lists(
    st.sampled_from(
        ["..", "/", "\\", "\0", ".", "~", "\n", " ", "|", "a" * 300, "ü" * 90, "\ud800", "\u202e", "-", ":", "C:"]
    )
).map("".join)


def test_node_view_and_time_make_the_name() -> None:
    assert file_name("Barn", WHEN) == "2018-12-30/Barn-2018-12-30T23.13.31.620992.jpg"
    assert file_name("Back Deck", WHEN) == "2018-12-30/Back-Deck-2018-12-30T23.13.31.620992.jpg"


def test_a_full_second_has_its_zeros_too() -> None:
    assert file_name("Barn", WHEN.replace(microsecond=0)).endswith("T23.13.31.000000.jpg")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Küche Süd", "Küche-Süd"),
        ("cam#1 (left)", "cam#1-(left)"),
        ("../../etc/passwd", "--" + "-..-etc-passwd"),
        ("/etc/cron.d/x", "-etc-cron.d-x"),
        (".hidden", "-hidden"),
        ("..", "--"),
        ("", "unnamed"),
        ("a\0b\nc\td", "a-b-c-d"),
        ('C:\\x*?"<>', "C--x-----"),
    ],
)
def test_what_does_not_belong_in_a_name_is_replaced(name: str, safe: str) -> None:
    assert harmless(name) == safe


@given(hostile)
def test_any_text_becomes_the_beginning_of_a_plain_name(name: str) -> None:
    safe = harmless(name)
    assert safe
    assert safe.isprintable()
    assert not safe.startswith(".")
    assert not set(safe) & set('/\\\0:*?"<>| ')
    assert len(safe.encode()) <= MAX_BYTES


@given(st.lists(hostile, min_size=1, max_size=5))
def test_whatever_senders_are_called_their_pictures_are_in_the_directory_of_the_day(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    root = outside / "images"
    images = Images(str(root), most=100)
    for name in names:
        images.put(name, WHEN, b"jpeg")
    images.close()
    assert os.listdir(root) == ["2018-12-30"]
    assert len(_files(root / "2018-12-30")) == len(names)
    assert _files(outside) == []


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]
