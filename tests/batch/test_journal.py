"""What a job writes down, and what another run reads there."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.batch.journal import NAME, Journal, changes, made, past_of
from framebus.core.errors import Unavailable

OPTIONS = {"from": "/photos", "ops": ["gray"], "quality": 95}
ODD = os.fsdecode(b"\xff\n\xfe.jpg")


def begun(folder: Path) -> Journal:
    journal = Journal(str(folder))
    journal.read()
    journal.begin(OPTIONS)
    return journal


def test_what_is_done_is_known_again(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.add(done=["a.jpg", ["clip.png", 12], ODD], damaged=[("a.jpg", "in/a.jpg", "cut")])
        journal.add(quarantined=[("b.jpg", "in/b.jpg", "crashed")])
    past = past_of(str(tmp_path))
    assert past.options == OPTIONS
    assert all(name in past.done for name in ("a.jpg", "clip.png", ODD))
    assert "b.jpg" not in past.done
    assert past.several == {"clip.png": (12,)}
    assert past.damaged == {"a.jpg": ("a.jpg", "in/a.jpg", "cut")}
    assert past.quarantined == {"b.jpg": ("b.jpg", "in/b.jpg", "crashed")}


def test_where_there_is_none_nothing_was_done(tmp_path: Path) -> None:
    past = past_of(str(tmp_path))
    assert (past.options, past.clean, len(past.done)) == (None, True, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_did_nothing_leaves_no_trace(tmp_path: Path) -> None:
    begun(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_it_is_clean_only_where_the_job_ended_in_order(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.add(done=["a.jpg"])
    assert not past_of(str(tmp_path)).clean
    with Journal(str(tmp_path)) as journal:
        journal.read()
        journal.end()
    assert past_of(str(tmp_path)).clean
    size = (tmp_path / NAME).stat().st_size
    with Journal(str(tmp_path)) as journal:
        journal.read()
        journal.end()
    assert (tmp_path / NAME).stat().st_size == size


def test_begun_again_it_forgets_what_is_done_but_not_what_it_ever_made(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.add(done=["a.jpg"])
        first_ns = past_of(str(tmp_path)).began_ns
        journal.begin({**OPTIONS, "quality": 50})
        journal.add(done=["b.jpg"])
    past = past_of(str(tmp_path))
    assert ("a.jpg" in past.done, "b.jpg" in past.done) == (False, True)
    assert "a.jpg" in past.ever
    assert past.began_ns == first_ns
    assert past.options is not None
    assert past.options["quality"] == 50


@settings(deadline=None)
@given(cut=st.integers(0, 400))
def test_a_line_cut_short_counts_for_nothing(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("journal")
    with begun(folder) as journal:
        journal.add(done=["a.jpg"])
        whole = (folder / NAME).stat().st_size
        journal.add(done=["b.jpg", "c.jpg"])
    data = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(data[: whole + cut % (len(data) - whole - 1)])
    with Journal(str(folder)) as journal:
        past = journal.read()
        assert [name in past.done for name in ("a.jpg", "b.jpg", "c.jpg")] == [True, False, False]
        assert not past.clean
        journal.add(done=["d.jpg"])
    assert "d.jpg" in past_of(str(folder)).done


@pytest.mark.parametrize("text", ["hello\n", '{"framebus": 99, "began_ns": 1, "options": {}}\n', "[]\n"])
def test_somebody_elses_file_is_not_touched(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text)
    with Journal(str(tmp_path)) as journal, pytest.raises(Unavailable, match="no journal that this framebus can read"):
        journal.read()
    assert (tmp_path / NAME).read_text() == text


def test_changed_options_are_said_in_words() -> None:
    now = {**OPTIONS, "ops": ["resize=5x5", "gray"], "encode": "png"}
    assert list(changes(OPTIONS, now)) == ["ops: gray → resize=5x5, gray", "encode: as it is → png"]
    assert list(changes(OPTIONS, OPTIONS)) == []


def test_one_file_without_a_number_is_told_by_its_name_alone() -> None:
    assert made("a.jpg", (-1, -1)) == "a.jpg"
    assert made("a.jpg", (-1, 3)) == ["a.jpg", -1, 3]


def test_a_first_line_that_was_cut_short_spoils_no_later_run(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"framebus": 1, "beg')
    for name in ("a.jpg", "b.jpg"):
        with begun(tmp_path) as journal:
            journal.add(done=[name])
    assert "b.jpg" in past_of(str(tmp_path)).done


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 10:
            return write(descriptor, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with begun(tmp_path) as journal:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(Unavailable, match="No space left"):
                journal.add(done=["a.jpg"])
        assert (tmp_path / NAME).read_bytes() == b""
        journal.end()  # there is room again
    past = past_of(str(tmp_path))
    assert (past.options, past.clean) == (OPTIONS, True)


def test_one_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(Unavailable, match="cannot be read"):
        past_of(str(tmp_path))


def test_a_folder_that_somebody_took_away_keeps_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    journal = begun(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    journal.close()
