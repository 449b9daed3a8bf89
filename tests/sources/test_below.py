"""Pictures in folders of a folder: not read with it, and never silently so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framebus.core.errors import Unavailable
from framebus.sources.folder import below
from framebus.sources.folder.below import left_out
from framebus.sources.folder.images import Images

KNOWN = frozenset({"jpg", "png"})


def save(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / name)


def test_a_folder_with_pictures_only_below_names_the_glob_that_reads_them(tmp_path: Path) -> None:
    save(tmp_path / "2024/may", "a.jpg", "b.jpg")
    save(tmp_path / "2025", "c.jpg")
    with pytest.raises(Unavailable, match=r"holds no images .* are left out: ") as caught:
        Images(f"{tmp_path}/")
    assert f"({tmp_path}/2025)" in str(caught.value)
    assert str(caught.value).endswith(f"'{tmp_path}/**/*.jpg' reads all")
    assert len(Images(f"{tmp_path}/**/*.jpg")) == 3


def test_one_with_pictures_of_its_own_is_read_and_the_rest_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, "a.png")
    save(tmp_path / "more", "b.jpg", "c.png")
    assert len(Images(str(tmp_path))) == 1
    [said] = caplog.messages
    assert said.startswith(f"{tmp_path}: pictures in folders below it ({tmp_path}/more) are left out")
    assert said.endswith(f"'{tmp_path}/**/*' reads all")
    assert len(Images(f"{tmp_path}/**/*")) == 3


def test_the_extension_is_named_as_it_is_written(tmp_path: Path) -> None:
    save(tmp_path / "dcim", "A.JPG")
    assert left_out(str(tmp_path), KNOWN).endswith("/**/*.JPG' reads all")


def test_nothing_is_said_where_there_is_nothing_below(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, "a.jpg")
    save(tmp_path / ".thumbnails", "a.jpg")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/jpg").touch()
    (tmp_path / "notes/folder.jpg").mkdir()
    (tmp_path / "itself").symlink_to(tmp_path)
    assert len(Images(str(tmp_path))) == 1
    assert not caplog.messages


def test_a_large_tree_is_not_searched_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(below, "MOST", 3)
    (tmp_path / "a/b/c/d/e").mkdir(parents=True)
    save(tmp_path / "a/b/c/d/e", "x.jpg")
    assert left_out(str(tmp_path), KNOWN) == ""
