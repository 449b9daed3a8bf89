"""A folder that files appear in whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from framebus.core.errors import Unavailable
from framebus.sinks.place import PARTIAL, Place
from tests.conftest import StartChild


@pytest.fixture
def place(tmp_path: Path) -> object:
    opened = Place(str(tmp_path / "out"))
    yield opened
    opened.close()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_is_made_and_nothing_is_left_by_trying_it_out(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        os.stat(tmp_path / "a")
    Place(str(tmp_path / "a" / "b")).close()
    assert names(tmp_path) == ["a", "a/b"]


def test_files_appear_whole(place: Place, tmp_path: Path) -> None:
    place.put("x.png", b"one")
    place.put("deep/er/y.png", memoryview(b"two"))
    place.put("x.png", b"three")
    assert (tmp_path / "out" / "x.png").read_bytes() == b"three"
    assert names(tmp_path / "out") == ["deep", "deep/er", "deep/er/y.png", "x.png"]
    assert sorted(place.names(deep=True)) == ["deep/er/y.png", "x.png"]
    assert list(place.names(deep=False)) == ["x.png"]
    assert (place.read("x.png"), place.read("none")) == (b"three", None)


def test_a_file_has_its_name_only_when_it_is_complete(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("x.png", b"old")
    seen: list[tuple[bytes, bytes]] = []
    rename = os.replace

    def look(partial: str, target: str) -> None:
        seen.append((Path(partial).read_bytes(), Path(target).read_bytes()))
        assert os.path.basename(partial) == f".x.png{PARTIAL}"
        rename(partial, target)

    monkeypatch.setattr(os, "replace", look)
    place.put("x.png", b"new")
    assert seen == [(b"new", b"old")]


@pytest.mark.parametrize("fsync", [False, True])
def test_fsync_forces_file_and_folder_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: bool
) -> None:
    place, forced = Place(str(tmp_path), fsync=fsync), list[str]()
    monkeypatch.setattr(os, "fsync", lambda fd: forced.append(os.readlink(f"/proc/self/fd/{fd}")))
    place.put("x.png", b"1")
    place.close()
    assert forced == ([f"{tmp_path}/.x.png{PARTIAL}", str(tmp_path)] if fsync else [])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, r"the disk is full, 12 bytes are needed and [\d,]+ are free"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "no permission to write"),
        (errno.EIO, r"Input/output error \(12 bytes to write\)"),
    ],
)
def test_what_the_system_refuses_is_said_and_nothing_is_left(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    def refuse(partial: str, target: str) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(Unavailable, match=rf"out: {said}"):
            place.put("x.png", b"twelve bytes")
    assert names(tmp_path / "out") == []
    place.put("x.png", b"again")
    assert names(tmp_path / "out") == ["x.png"]


def test_a_folder_that_cannot_be_written_to_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **options: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("framebus.sinks.place.write_new", refuse)
    with pytest.raises(Unavailable, match="read-only"):
        Place(str(tmp_path / "out"))
    monkeypatch.undo()
    Place(str(tmp_path / "out")).close()  # and is not locked afterwards


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unavailable, match="no permission"):
        Place(str(tmp_path))
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="it is a file, not a folder"):
        Place(str(tmp_path / name))


def test_a_removed_folder_is_said(place: Place, tmp_path: Path) -> None:
    os.rmdir(tmp_path / "out")
    with pytest.raises(Unavailable, match="was removed"):
        place.put("x.png", b"1")


def test_one_sink_at_a_time(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="another sink is writing into this folder"):
        Place(str(tmp_path / "out"))
    place.close()
    Place(str(tmp_path / "out")).close()


def test_a_killed_sink_holds_no_lock(tmp_path: Path, child: StartChild) -> None:
    code = f"from framebus.sinks.place import Place; p = Place({str(tmp_path)!r}); print('locked')"
    code += "; import signal; signal.pause()"
    process = child("-c", code)
    process.wait_line("locked")
    process.kill()
    Place(str(tmp_path)).close()


def test_links_are_not_followed(place: Place, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out" / "x.png").symlink_to(victim)
    (tmp_path / "out" / f".x.png{PARTIAL}").symlink_to(victim)
    place.put("x.png", b"1")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "out" / "x.png").is_symlink()


@pytest.mark.parametrize("path", ["../x.png", "a/../../x.png", "/x.png"])
def test_paths_stay_under_the_root(place: Place, tmp_path: Path, path: str) -> None:
    with pytest.raises(Unavailable, match="leads out of"):
        place.put(path, b"1")


def test_a_linked_folder_does_not_lead_out(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "door").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="leads out of"):
        place.put("door/x.png", b"1")
    assert names(tmp_path / "elsewhere") == []


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    place = Place(str(tmp_path / "link"))
    place.put("a/x.png", b"1")
    place.close()
    assert (tmp_path / "real" / "a" / "x.png").exists()


def test_the_partial_file_of_a_killed_sink_is_no_obstacle(place: Place, tmp_path: Path) -> None:
    (tmp_path / "out" / f".x.png{PARTIAL}").write_bytes(b"half")
    place.put("x.png", b"whole")
    assert names(tmp_path / "out") == ["x.png"]


def test_closing_twice_is_fine(place: Place) -> None:
    place.close()
    place.close()
