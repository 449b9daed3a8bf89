"""An image folder that was left in the middle, or holds other people's files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import Unavailable
from framebus.sinks.folder.images import INDEX, Images
from framebus.testing import samples
from tests.conftest import StartChild
from tests.sinks.folders import images, pixels, write

# killed ------------------------------------------------------------------------------------------------------------


class _Killed(BaseException):
    """The process ends here."""


def _kill_at(patch: pytest.MonkeyPatch, fatal: int) -> None:
    """Let `fatal` changes of the file system pass, and end the process at the next."""
    count = iter(range(1000))
    for name in ("open", "replace"):
        real = getattr(os, name)

        def step(*arguments: Any, _real: Any = real, **options: Any) -> Any:
            if next(count) == fatal:
                raise _Killed
            return _real(*arguments, **options)

        patch.setattr(os, name, step)
    patch.setattr(os, "unlink", lambda path: None)  # a killed process cleans nothing up


@pytest.mark.parametrize("fatal", range(11))
def test_killed_between_any_two_steps_it_is_resumed_without_gap_or_double(tmp_path: Path, fatal: int) -> None:
    frames, done = samples(4), list[int]()
    sink = Images(f"{tmp_path}/")
    with pytest.MonkeyPatch.context() as patch, suppress(_Killed):
        _kill_at(patch, fatal)
        for frame in frames:
            sink.write(frame, lambda seq=frame.seq: done.append(seq))  # type: ignore[misc]
    sink.close()
    assert (len(done) == 4) == (fatal == 10)
    for number in done:
        assert np.array_equal(pixels(tmp_path / f"sample-{number:08d}.png"), frames[number].rgb)
    write(f"{tmp_path}/", frames[len(done) :])
    assert images(tmp_path) == [f"sample-{number:08d}.png" for number in range(4)]
    for number, frame in enumerate(frames):
        assert np.array_equal(pixels(tmp_path / f"sample-{number:08d}.png"), frame.rgb)


WRITER = """
import sys
from framebus.sinks.folder.images import Images
from framebus.testing import samples
sink = Images(sys.argv[1])
for frame in samples(2000, width=320, height=240):
    sink.write(frame, lambda: print("done", frame.seq))
"""


@pytest.mark.parametrize("after", [3, 40])
def test_killed_by_the_system_it_left_only_whole_files(tmp_path: Path, child: StartChild, after: int) -> None:
    process = child("-c", WRITER, f"{tmp_path}/")
    process.wait_line(f"done {after}")
    process.kill()
    said = [int(line.split()[1]) for line in process.stdout.splitlines() if line.startswith("done ") and line[5:]]
    frames = samples(2000, width=320, height=240)
    whole = {path.name for path in tmp_path.glob("sample-*.png")}
    assert {f"sample-{number:08d}.png" for number in said} <= whole
    write(f"{tmp_path}/", frames[after : after + 60])
    for number in range(after + 60):
        assert np.array_equal(pixels(tmp_path / f"sample-{number:08d}.png"), frames[number].rgb)
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_sink_had_begun_is_removed(tmp_path: Path) -> None:
    begun = (".sample-00000001.png.partial", f".{INDEX}.partial", "deep/.sample-00000002.tif.partial")
    (tmp_path / "deep").mkdir()
    for name in begun:
        (tmp_path / name).write_bytes(b"half")
    Images(f"{tmp_path}/").close()
    assert images(tmp_path) == ["deep/.sample-00000002.tif.partial"]
    Images(f"{tmp_path}/{{stream}}/").close()
    Images(f"{tmp_path}/deep/").close()
    assert images(tmp_path) == []


# other people's files ---------------------------------------------------------------------------------------------


def test_foreign_files_of_those_names_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "sample-00000007.png").write_text("mine")
    with pytest.raises(Unavailable, match=r"already holds files named \{stream\}-\{seq\}\.png .* overwrite"):
        Images(f"{tmp_path}/")
    assert images(tmp_path) == ["sample-00000007.png"]


def test_foreign_files_of_another_stream_are_refused_when_it_comes(tmp_path: Path) -> None:
    write(f"{tmp_path}/", samples(1, stream="door"))
    (tmp_path / "yard-00000000.png").write_text("mine")
    with pytest.raises(Unavailable, match="not written by a framebus sink"):
        write(f"{tmp_path}/", samples(1, stream="yard"))
    assert (tmp_path / "yard-00000000.png").read_text() == "mine"
    assert write(f"{tmp_path}/", samples(2, stream="door")) == 2


@pytest.mark.parametrize("name", ["sample-00000001.png", "sample-00000001.tif"])
def test_a_foreign_file_that_appears_meanwhile_is_refused(tmp_path: Path, name: str) -> None:
    sink = Images(f"{tmp_path}/")
    sink.write(samples(1)[0], lambda: None)
    (tmp_path / name).write_text("mine")
    with pytest.raises(Unavailable, match=rf"{name} appeared"):
        sink.write(samples(2)[1], lambda: None)
    sink.close()
    assert (tmp_path / name).read_text() == "mine"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "sample-1.png", ".hidden", ".photo.png.partial"):
        (tmp_path / name).write_text("mine")
    write(f"{tmp_path}/", samples(1))
    write(f"{tmp_path}/", samples(1), overwrite=True)
    assert all((tmp_path / name).read_text() == "mine" for name in ("notes.txt", "sample-1.png", ".hidden"))
    assert (tmp_path / ".photo.png.partial").exists()


def test_overwrite_replaces_them_from_zero(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"sample-{number:08d}.png").write_text("mine")
    write(f"{tmp_path}/", samples(2), overwrite=True)
    assert np.array_equal(pixels(tmp_path / "sample-00000001.png"), samples(2)[1].rgb)
    assert (tmp_path / "sample-00000002.png").read_text() == "mine"


def test_overwrite_twice_holds_the_clip_once(tmp_path: Path) -> None:
    for run in (1, 2):
        write(f"{tmp_path}/", samples(3, run=run), overwrite=True)
    assert len(images(tmp_path)) == 3


def test_overwrite_never_replaces_what_the_same_sink_wrote(tmp_path: Path) -> None:
    write(f"{tmp_path}/", [*samples(3, run=1), *samples(2, run=2)], overwrite=True)
    assert len(images(tmp_path)) == 5


def test_a_damaged_index_is_refused_and_explained(tmp_path: Path) -> None:
    write(f"{tmp_path}/", samples(1))
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(Unavailable, match=rf"{INDEX} cannot be read .* overwrite"):
        Images(f"{tmp_path}/")
