"""Errors say what a file is instead of what was expected."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.folder import sniff


@pytest.mark.parametrize(
    ("extension", "what"),
    [("jpg", "a JPEG picture"), ("png", "a PNG picture"), ("tif", "a TIFF picture"), ("bmp", "a BMP picture")],
)
def test_pictures_are_recognised_whatever_their_name(tmp_path: Path, extension: str, what: str) -> None:
    picture = tmp_path / f"x.{extension}"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture)
    assert sniff.contents(str(picture.rename(tmp_path / "x.mp4"))) == what


def test_archives_and_arrays_are_recognised(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert sniff.contents(str(tmp_path / "a.zip")) == "a ZIP archive"
    assert sniff.contents(str(tmp_path / "a.npy")) == "a NumPy array"


@pytest.mark.parametrize("text", ["hello\n", "grüße, 你好\r\n\t", "ä" * 5000, "x" + "€" * 3000])
def test_text_is_called_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert sniff.contents(str(tmp_path / "x")) == "text"


def test_unknown_data_shows_how_it_begins(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xffab" * 10)
    assert sniff.contents(str(tmp_path / "x")) == "40 bytes of an unknown kind, starting with 00 ff 61 62 00 ff 61 62"


def test_empty_missing_and_unreadable_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(BadFrame, match=r"empty\.mp4 is empty \(0 bytes\)"):
        sniff.check_readable(str(tmp_path / "empty.mp4"))
    with pytest.raises(Unavailable, match=rf"gone\.mp4: no such file \(looked in {os.getcwd()}\)"):
        sniff.check_readable("gone.mp4")
    with pytest.raises(Unavailable, match=r"cannot be read: Is a directory"):
        sniff.check_readable(str(tmp_path))
