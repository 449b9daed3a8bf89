"""The folder of recordings, and parts of files: what can be named, and what cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import Unavailable
from framebus.web import recording_folder as folders
from framebus.web.recording_folder import Folder
from framebus.web.spans import Span, span


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two recordings, and secrets beside it."""
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "inner.mp4").write_bytes(b"secret")
    made = tmp_path / "recordings"
    (made / "2026").mkdir(parents=True)
    (made / "yard.mp4").write_bytes(b"yard")
    (made / "2026" / "döör.mp4").write_bytes(b"door")
    return made


def names(root: Path) -> set[str]:
    return {file.name for file in Folder(str(root)).files()}


def test_files_are_listed_with_the_folders_they_are_in(root: Path) -> None:
    assert names(root) == {"yard.mp4", "2026:döör.mp4"}
    (root / ".yard.mp4.partial").write_bytes(b"")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "x.mp4").write_bytes(b"")
    assert names(root) == {"yard.mp4", "2026:döör.mp4"}


def test_a_recording_that_is_a_folder_is_one(root: Path) -> None:
    (root / "run.zarr" / "0").mkdir(parents=True)
    (root / "run.zarr" / "0" / "c").write_bytes(b"x")
    (root / "link.zarr").symlink_to(root / "run.zarr")
    folder = Folder(str(root))
    found = folder.find("run.zarr")
    assert found is not None
    assert found.nbytes is None
    assert folder.path(found) == str(root / "run.zarr")
    assert names(root) == {"yard.mp4", "2026:döör.mp4", "run.zarr"}
    with pytest.raises(Unavailable):
        folder.open(found)


def test_a_name_that_was_listed_is_not_looked_for_in_the_whole_folder_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(str(root))
    assert folder.find("yard.mp4") == folder.files()[[file.name for file in folder.files()].index("yard.mp4")]
    monkeypatch.setattr(folder, "files", lambda: pytest.fail("it was looked through again"))
    (root / "yard.mp4").write_bytes(b"grown meanwhile")
    found = folder.find("yard.mp4")
    assert found is not None
    assert (found.nbytes, found.parts) == (15, ("yard.mp4",))


def test_what_is_new_is_found_and_what_went_or_became_something_else_is_not(root: Path) -> None:
    (root / "run.zarr").mkdir()
    folder = Folder(str(root))
    assert folder.find("new.mp4") is None
    (root / "new.mp4").write_bytes(b"new")
    assert folder.find("new.mp4") is not None
    listed = {name: Folder(str(root)) for name in ("new.mp4", "yard.mp4", "2026:döör.mp4", "run.zarr")}
    assert all(folder.find(name) is not None for name, folder in listed.items())
    (root / "new.mp4").unlink()
    (root / "yard.mp4").unlink()
    (root / "yard.mp4").symlink_to(root.parent / "secret.mp4")
    (root / "2026").rename(root / "other")
    (root / "2026").symlink_to(root / "other")
    (root / "run.zarr").rmdir()
    (root / "run.zarr").symlink_to(root.parent / "outside")
    assert [name for name, folder in listed.items() if folder.find(name) is not None] == []
    assert folder.find("other:döör.mp4") is not None


def test_the_newest_comes_first(root: Path) -> None:
    os.utime(root / "yard.mp4", (2, 2))
    os.utime(root / "2026" / "döör.mp4", (1, 1))
    assert [file.name for file in Folder(str(root)).files()] == ["yard.mp4", "2026:döör.mp4"]


def test_links_are_not_followed(root: Path) -> None:
    (root / "link.mp4").symlink_to(root.parent / "secret.mp4")
    (root / "also.mp4").symlink_to(root / "yard.mp4")
    (root / "away").symlink_to(root.parent / "outside")
    os.mkfifo(root / "pipe.mp4")
    assert names(root) == {"yard.mp4", "2026:döör.mp4"}


def test_what_became_a_link_after_it_was_listed_is_not_opened(root: Path) -> None:
    folder = Folder(str(root))
    yard, door = folder.find("yard.mp4"), folder.find("2026:döör.mp4")
    assert yard is not None
    assert door is not None
    (root / "yard.mp4").unlink()
    (root / "yard.mp4").symlink_to(root.parent / "secret.mp4")
    (root / "2026" / "döör.mp4").unlink()
    (root / "2026").rmdir()
    (root / "2026").symlink_to(root.parent / "outside")
    (root.parent / "outside" / "döör.mp4").write_bytes(b"secret")
    for file in (yard, door):
        with pytest.raises(Unavailable):
            folder.open(file)
        with pytest.raises(Unavailable):
            folder.path(file)


def test_what_became_something_else_is_not_read(root: Path) -> None:
    folder = Folder(str(root))
    yard = folder.find("yard.mp4")
    assert yard is not None
    (root / "yard.mp4").unlink()
    os.mkfifo(root / "yard.mp4")
    with pytest.raises(Unavailable, match="no file any more"):
        folder.open(yard)


@given(st.text(max_size=40) | st.from_regex(r"(\.\./|%2e%2e|/|:){1,5}(secret\.mp4|yard\.mp4)", fullmatch=True))
def test_a_name_is_one_that_was_listed_or_none(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    made = tmp_path_factory.getbasetemp() / "names"
    made.mkdir(exist_ok=True)
    (made / "yard.mp4").write_bytes(b"yard")
    found = Folder(str(made)).find(name)
    assert (found is not None) == (name == "yard.mp4")


def test_there_may_be_very_many(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    for number in range(10):
        (root / f"{number}.mp4").write_bytes(b"")
    assert len(names(root)) == 3


def test_a_folder_that_cannot_be_made_says_why(root: Path) -> None:
    with pytest.raises(Unavailable, match=r"yard\.mp4"):
        Folder(str(root / "yard.mp4"))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=100-", None),
        ("bytes=20-10", None),
        ("bytes=-0", None),
        ("bytes=-", (0, 100)),
        ("bytes=0-1,5-6", (0, 100)),
        ("lines=1-2", (0, 100)),
        ("bytes=x-2", (0, 100)),
        ("bytes=" + "9" * 30 + "-", (0, 100)),
    ],
)
def test_a_range_is_a_part_of_the_file(wanted: str | None, expected: tuple[int, int] | None) -> None:
    found = span(wanted, 100)
    assert found == (None if expected is None else Span(*expected, 100))


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(0, 3000))
def test_no_range_leads_out_of_the_file(wanted: str, size: int) -> None:
    found = span(wanted, size)
    assert found is None or 0 <= found.begin < found.end <= size or (size == 0 and found == Span(0, 0, 0))


def test_an_empty_file_is_all_of_it() -> None:
    assert span(None, 0) == Span(0, 0, 0)
