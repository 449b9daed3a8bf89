"""A file that is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.core.whole import whole


def test_it_has_its_name_once_all_of_it_is_there(tmp_path: Path) -> None:
    target, partial = tmp_path / "a.txt", tmp_path / ".a.txt.partial"
    target.write_text("before")
    with whole(target, partial):
        partial.write_text("after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_what_ends_it_early_leaves_nothing_of_it(tmp_path: Path, error: BaseException) -> None:
    target, partial = tmp_path / "a.txt", tmp_path / ".a.txt.partial"
    target.write_text("before")

    def write() -> None:
        with whole(target, partial):
            partial.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_that_cannot_be_had_leaves_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    partial = tmp_path / ".a.txt.partial"
    with pytest.raises(OSError, match="directory"), whole(tmp_path / "a.txt", partial):
        partial.touch()
    assert not partial.exists()


def test_one_that_was_swept_meanwhile_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole(tmp_path / "a.txt", tmp_path / ".a.txt.partial"):
        pass
