"""Inputs, outputs and ops that are not as they should be: each is named with its reason, and the job goes on."""

from __future__ import annotations

import errno
import os
import random
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.batch.process import process
from framebus.batch.report import Report
from framebus.testing.bombs import write_bombs
from tests.batch import ops
from tests.batch.photos import contents, encoded, jpeg, photos, picture, png_bomb
from tests.batch.test_process import reasons, run

GOOD = 3

WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut.jpg": (lambda: encoded(picture(1, 200, 160), "JPEG")[:-700], "the JPEG is cut short: it ends after "),
    "empty.jpg": (lambda: b"", "it is empty (0 bytes)"),
    "text.jpg": (lambda: b"buy milk", "it contains text"),
    "program.png": (lambda: b"\x7fELF" + bytes(60), "it contains a program"),
    "huge.png": (lambda: png_bomb(30_000, 30_000), "30,000x30,000 pixels, the limit is 100,000,000"),
    "none.png": (lambda: png_bomb(0, 0), "0x0 pixels: nothing is in it"),
    "cut.png": (lambda: encoded(picture(), "PNG")[:-30], "the PNG is cut short"),
    "cut.gif": (lambda: encoded(picture(), "GIF")[:100], "a damaged GIF"),
    "cut.tif": (lambda: encoded(picture(), "TIFF")[:100], "a damaged TIFF"),
    "cut.webp": (lambda: encoded(picture(), "WEBP")[:100], "a damaged WEBP"),
    "cut.bmp": (lambda: encoded(picture(), "BMP")[:100], "a damaged BMP"),
    "head.jpg": (lambda: jpeg()[:100], "the JPEG is cut short: it ends after 100 bytes, inside its header"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photos(tmp_path / "in", GOOD)


def all_but(report: Report, bad: int) -> None:
    """Everything good is done, everything bad is told."""
    assert (report.total, report.done, len(report.failures)) == (GOOD + bad, GOOD, bad)
    assert report.finished
    assert not report.ok


def test_every_damaged_file_is_told_and_the_others_are_done(folder: Path, tmp_path: Path) -> None:
    for name, (make, _) in WRONG.items():
        (folder / name).write_bytes(make())
    report = run(folder, tmp_path / "out", "resize=8x8")
    all_but(report, len(WRONG))
    for name, (_, text) in WRONG.items():
        assert text in reasons(report)[name], name
    assert len(contents(tmp_path / "out")) == GOOD


def test_a_wrong_extension_does_not_matter(folder: Path, tmp_path: Path) -> None:
    (folder / "really-a-png.jpg").write_bytes(encoded(picture(), "PNG"))
    assert run(folder, tmp_path / "out").ok
    assert (tmp_path / "out/really-a-png.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_tolerance_keeps_what_is_cut_short_and_flags_it(folder: Path, tmp_path: Path) -> None:
    (folder / "cut.jpg").write_bytes(jpeg()[:-100])
    report = run(folder, tmp_path / "out", tolerant=True)
    assert report.ok
    assert [trouble.path for trouble in report.damaged] == [str(folder / "cut.jpg")]
    assert (tmp_path / "out/cut.jpg").exists()


def test_files_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "list.txt").write_text(
        f"{folder}/p000.jpg\n{folder}/p001.jpg\n{folder}/p002.jpg\n{folder}/vanished.jpg"
    )
    report = run([folder, f"{folder}/vanished.jpg"], tmp_path / "out")
    all_but(report, 2)
    assert sorted(reasons(report).values()) == [
        f"it is a link to {tmp_path}/nowhere, which is not there",
        "it is not there any more",
    ]
    all_but(run(tmp_path / "list.txt", tmp_path / "listed"), 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "closed.jpg").write_bytes(jpeg())
    (folder / "closed.jpg").chmod(0)
    report = run(folder, tmp_path / "out")
    all_but(report, 1)
    assert reasons(report)["closed.jpg"] == "it cannot be read: Permission denied"


def test_a_pipe_that_is_named_does_not_hold_up_the_job(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    report = run([folder, tmp_path / "pipe.jpg"], tmp_path / "out")
    all_but(report, 1)
    assert reasons(report)["pipe.jpg"] == "it is no file but a folder, a pipe or a device"


def test_two_inputs_with_one_output_name(folder: Path, tmp_path: Path) -> None:
    (folder / "p000.png").write_bytes(encoded(picture(), "PNG"))
    report = run(folder, tmp_path / "out", encode="jpeg")
    all_but(report, 1)
    assert "p000.jpg, like another input before it" in reasons(report)["p000.png"]
    photos(folder / "x", 1)
    report = run(folder, f"{tmp_path}/flat/{{name}}.png")
    assert {os.path.relpath(trouble.path, folder) for trouble in report.failures} == {"p000.png", "x/p000.jpg"}


def test_pages_that_would_be_called_like_another_input(folder: Path, tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.fromarray(picture(number)) for number in range(2)]
    pages[0].save(folder / "scan.png", save_all=True, append_images=pages[1:])
    (folder / "scan-00000001.png").write_bytes(encoded(picture(), "PNG"))
    report = run(folder, tmp_path / "out")
    assert [os.path.basename(trouble.path) for trouble in report.failures] == ["scan.png"]
    assert "number 1 of what was made of it is called as what was made of another input" in reasons(report)["scan.png"]


@pytest.mark.parametrize("kind", ["text", "number", "empty", "objects", "many", "nan", "list"])
def test_ops_that_answer_with_rubbish(kind: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / f"bad/{kind}.jpg").write_bytes(jpeg())
    report = run(tmp_path / "bad", tmp_path / "out", ops.rubbish)
    assert (report.done, len(report.failures)) == (0, 1)
    assert contents(tmp_path / "out") == {}


def test_ops_that_fail_or_want_to_leave(folder: Path, tmp_path: Path) -> None:
    for word in ("raise", "exit"):
        (folder / f"{word}-1.jpg").write_bytes(jpeg())
    report = run(folder, tmp_path / "out", ops.trouble)
    all_but(report, 2)
    assert reasons(report)["raise-1.jpg"] == "trouble failed on frame 0 of raise-1: ValueError: too dark"
    assert reasons(report)["exit-1.jpg"] == "SystemExit: I leave"


def test_a_picture_for_which_there_is_not_enough_memory(folder: Path, tmp_path: Path) -> None:
    (folder / "large-1.jpg").write_bytes(jpeg())
    report = process(folder, tmp_path / "out", ops.trouble, workers=1, max_memory="500MB")
    all_but(report, 1)
    assert reasons(report)["large-1.jpg"].startswith("there is not enough memory for it: trouble failed on frame 0")
    assert "--max-memory" in reasons(report)["large-1.jpg"]
    assert resource.getrlimit(resource.RLIMIT_AS) == (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def test_a_full_disk_stops_the_job_which_goes_on_later(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, room = os.write, [1500]

    def write(descriptor: int, data: Any) -> int:
        if bytes(data[:2]) == b"\xff\xd8":
            room[0] -= len(data)
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    report = run(folder, tmp_path / "out")
    monkeypatch.undo()
    assert not report.finished
    assert report.done < GOOD
    assert "No space left on device: make room" in report.stopped
    assert [trouble.reason for trouble in report.failures] == [report.stopped]
    assert len(contents(tmp_path / "out")) == report.done
    again = run(folder, tmp_path / "out")
    assert again.ok
    assert again.resumed == report.done


def test_a_read_only_output_is_refused_at_the_start(folder: Path, tmp_path: Path) -> None:
    from framebus.core.errors import Unavailable

    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(Unavailable, match="no permission to write there"):
        run(folder, tmp_path / "out")


def test_every_kind_of_name_comes_out_as_it_went_in(tmp_path: Path) -> None:
    names = [
        "new\nline.jpg",
        "ünï🙂.jpg",
        os.fsdecode(b"not-\xff\xfe-text.jpg"),
        " .jpg",
        "{name}.jpg",
        "a" * 240 + ".jpg",
    ]
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / name).write_bytes(jpeg())
    for workers in (0, 1):
        report = process(tmp_path / "in", tmp_path / f"out{workers}", "resize=8x8", workers=workers)
        assert report.ok, report.failures
        assert sorted(contents(tmp_path / f"out{workers}")) == sorted(names)
        assert process(tmp_path / "in", tmp_path / f"out{workers}", "resize=8x8", workers=0).resumed == len(names)


def test_an_image_of_one_pixel_and_of_many_channels(tmp_path: Path) -> None:
    import tifffile

    (tmp_path / "in").mkdir()
    (tmp_path / "in/one.png").write_bytes(encoded(np.zeros((1, 1), np.uint8), "PNG"))
    tifffile.imwrite(
        tmp_path / "in/many.tif", np.zeros((4, 5, 9), np.uint16), photometric="minisblack", planarconfig="contig"
    )
    report = run(tmp_path / "in", tmp_path / "out", "resize=3x2")
    assert report.ok, report.failures


def test_a_tiff_whose_pages_go_round_in_a_circle(folder: Path, tmp_path: Path) -> None:
    for path in write_bombs(folder, random.Random(1)):
        if not path.name.startswith("circle"):
            path.unlink()
    report = run(folder, tmp_path / "out", "resize=8x8")
    all_but(report, 2)
    assert set(reasons(report).values()) == {"its pages follow each other in a circle"}
