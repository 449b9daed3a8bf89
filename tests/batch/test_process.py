"""A whole job, in this process: everything that does not depend on who works."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.batch.process import process
from framebus.batch.report import Report
from framebus.core.errors import AddressError, OptionError, Unavailable
from tests.batch import ops
from tests.batch.photos import contents, encoded, jpeg, photos, picture, pixels
from tests.clips import make_clip

HALF = "resize=24x16"


def done(report: Report) -> tuple[int, int, int]:
    return report.total, report.done, report.resumed


def run(*args: Any, **options: Any) -> Report:
    return process(*args, **{"workers": 0, **options})


def reasons(report: Report) -> dict[str, str]:
    return {os.path.basename(trouble.path): trouble.reason for trouble in report.failures}


# what is made --------------------------------------------------------------------------------------------------------


def test_a_folder_becomes_a_folder_of_the_same_names(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)
    photos(tmp_path / "in/x/y", 2)
    report = run(tmp_path / "in", tmp_path / "out", HALF)
    assert report.ok
    assert done(report) == (5, 5, 0)
    assert list(contents(tmp_path / "out")) == [
        *("p000.jpg", "p001.jpg", "p002.jpg"),
        *("x/y/p000.jpg", "x/y/p001.jpg"),
    ]
    assert {pixels(tmp_path / "out" / name).shape for name in contents(tmp_path / "out")} == {(16, 24, 3)}
    assert (report.files, report.workers, report.left_out) == (5, 0, {})
    assert report.written_bytes == sum(map(len, contents(tmp_path / "out").values()))
    assert report.read_bytes == sum(map(len, contents(tmp_path / "in").values()))


def test_without_ops_pictures_are_encoded_anew(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    assert run(tmp_path / "in", tmp_path / "out").ok
    again = pixels(tmp_path / "out/p000.jpg").astype(int)
    assert np.abs(again - picture()).mean() < 4


def test_any_callable_is_an_op(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    assert run(tmp_path / "in", tmp_path / "out", [HALF, lambda image: image[::-1]], encode="png").ok
    assert run(tmp_path / "in", tmp_path / "plain", [HALF], encode="png").ok
    assert np.array_equal(pixels(tmp_path / "out/p000.png"), pixels(tmp_path / "plain/p000.png")[::-1])


def test_formats_quality_and_templates(tmp_path: Path) -> None:
    photos(tmp_path / "in/x", 1)
    for encode, name in (("png", "p000.png"), ("webp=50", "p000.webp"), ("tif", "p000.tif"), ("jpg=40", "p000.jpg")):
        assert run(tmp_path / "in", tmp_path / encode, encode=encode).ok
        assert list(contents(tmp_path / encode)) == [f"x/{name}"] or list(contents(tmp_path / encode)) == [name]
    assert run(tmp_path / "in", f"{tmp_path}/t/{{folder}}/{{name}}-small.png", HALF).ok
    assert [name.rpartition("/")[2] for name in contents(tmp_path / "t")] == ["p000-small.png"]
    fine = run(tmp_path / "in", tmp_path / "fine", quality=100, subsampling="444")
    rough = run(tmp_path / "in", tmp_path / "rough", quality=20)
    assert rough.written_bytes < fine.written_bytes


def test_several_outputs_in_one_pass(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    also = {tmp_path / "gray": ["resize=8x8", "gray"], f"{tmp_path}/all/{{name}}.png": ()}
    report = run(tmp_path / "in", tmp_path / "out", HALF, also=also)
    assert report.ok
    assert report.files == 6
    assert pixels(tmp_path / "out/p000.jpg").shape == (16, 24, 3)
    assert pixels(tmp_path / "gray/p001.jpg").shape == (8, 8)
    assert pixels(tmp_path / "all/p001.png").shape == (32, 48, 3)


def test_depth_and_transparency_go_through(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    deep = picture()[..., 0].astype(np.uint16) * 250
    (tmp_path / "in/deep.png").write_bytes(encoded(deep, "PNG"))
    rgba = np.dstack([picture(), picture()[..., 0]])
    (tmp_path / "in/clear.png").write_bytes(encoded(rgba, "PNG"))
    assert run(tmp_path / "in", tmp_path / "out").ok
    assert np.array_equal(pixels(tmp_path / "out/deep.png"), deep)
    assert np.array_equal(pixels(tmp_path / "out/clear.png"), rgba)


def test_frames_of_a_video_and_pages_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    make_clip(tmp_path / "in/clip.mp4", frames=3)
    report = run(tmp_path / "in/clip.mp4", tmp_path / "out", "resize=16x12")
    assert report.ok
    assert report.read_bytes == (tmp_path / "in/clip.mp4").stat().st_size
    assert list(contents(tmp_path / "out")) == [f"clip-{number:08d}.png" for number in range(3)]


def test_an_op_that_makes_several_pictures_of_one_numbers_them_too(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    report = run(tmp_path / "in", tmp_path / "out", ops.halves)
    assert (report.ok, report.files) == (True, 2)
    assert list(contents(tmp_path / "out")) == ["p000-00000000.jpg", "p000-00000001.jpg"]


def test_what_an_op_drops_is_done_and_makes_no_file(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    report = run(tmp_path / "in", tmp_path / "out", lambda image: None)
    assert (report.ok, report.files, contents(tmp_path / "out")) == (True, 0, {})
    assert done(run(tmp_path / "in", tmp_path / "out", lambda image: None)) == (1, 1, 1)


# resuming ------------------------------------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)
    run(tmp_path / "in", tmp_path / "out", HALF)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.jpg")}
    report = run(tmp_path / "in", tmp_path / "out", HALF)
    assert done(report) == (3, 3, 3)
    assert (report.files, report.tried) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.jpg")} == before


def test_new_inputs_changed_inputs_and_lost_outputs_are(tmp_path: Path) -> None:
    photos(tmp_path / "in", 4)
    run(tmp_path / "in", tmp_path / "out", HALF)
    (tmp_path / "out/p000.jpg").unlink()
    later = (tmp_path / "out/p001.jpg").stat().st_mtime_ns + 10**9
    (tmp_path / "in/p001.jpg").write_bytes(jpeg(77))
    os.utime(tmp_path / "in/p001.jpg", ns=(later, later))
    (tmp_path / "in/new.jpg").write_bytes(jpeg(9))
    report = run(tmp_path / "in", tmp_path / "out", HALF)
    assert done(report) == (5, 5, 2)
    assert (report.files, report.tried) == (3, 3)
    assert (tmp_path / "out/p000.jpg").exists()


def test_numbered_files_are_looked_at_too(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    run(tmp_path / "in", tmp_path / "out", ops.halves)
    assert done(run(tmp_path / "in", tmp_path / "out", ops.halves)) == (1, 1, 1)
    (tmp_path / "out/p000-00000001.jpg").unlink()
    assert done(run(tmp_path / "in", tmp_path / "out", ops.halves)) == (1, 1, 0)


def test_failures_are_tried_again(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    (tmp_path / "in/bad.jpg").write_bytes(b"")
    assert not run(tmp_path / "in", tmp_path / "out", HALF).ok
    (tmp_path / "in/bad.jpg").write_bytes(jpeg())
    assert done(run(tmp_path / "in", tmp_path / "out", HALF)) == (2, 2, 1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ops": "resize=9x9"}, "ops: resize=24x16 → resize=9x9"),
        ({"quality": 50}, "quality: 95 → 50"),
        ({"encode": "png"}, "encode: as it is → png"),
        ({"subsampling": "444"}, "subsampling: 420 → 444"),
    ],
)
def test_other_options_are_another_job(options: dict[str, Any], text: str, tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    run(tmp_path / "in", tmp_path / "out", HALF)
    before = contents(tmp_path / "out")
    ops_ = options.pop("ops", HALF)
    with pytest.raises(OptionError) as caught:
        run(tmp_path / "in", tmp_path / "out", ops_, **options)
    assert text in str(caught.value)
    assert "--no-resume" in str(caught.value)
    assert contents(tmp_path / "out") == before
    assert done(run(tmp_path / "in", tmp_path / "out", ops_, resume=False, **options)) == (2, 2, 0)
    assert contents(tmp_path / "out") != before


def test_other_inputs_are_another_job(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    photos(tmp_path / "elsewhere", 1)
    run(tmp_path / "in", tmp_path / "out", HALF)
    with pytest.raises(OptionError, match=r"from: .*/in → .*/elsewhere"):
        run(tmp_path / "elsewhere", tmp_path / "out", HALF)


def test_what_does_not_change_files_may_change(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    (tmp_path / "in/cut.jpg").write_bytes(jpeg()[:-100])
    assert not run(tmp_path / "in", tmp_path / "out", HALF).ok
    report = run(tmp_path / "in", tmp_path / "out", HALF, tolerant=True, max_pixels=10**6, work_timeout="5s")
    assert done(report) == (2, 2, 1)
    assert [os.path.basename(trouble.path) for trouble in report.damaged] == ["cut.jpg"]
    again = run(tmp_path / "in", tmp_path / "out", HALF)
    assert done(again) == (2, 2, 2)
    assert again.damaged == report.damaged


def test_half_written_files_of_a_killed_run_go(tmp_path: Path) -> None:
    photos(tmp_path / "in/x", 2)
    photos(tmp_path / "in", 1)
    run(tmp_path / "in", tmp_path / "out", HALF)
    journal = tmp_path / "out/.framebus-journal"
    journal.write_bytes(journal.read_bytes().rpartition(b'{"ended"')[0])
    (tmp_path / "out/x/.p000.jpg.abcd.partial").touch()
    assert run(tmp_path / "in", tmp_path / "out", HALF).ok
    assert list(contents(tmp_path / "out")) == ["p000.jpg", "x/p000.jpg", "x/p001.jpg"]


# in its own way ------------------------------------------------------------------------------------------------------


def test_files_that_were_there_before_are_not_replaced(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/p000.jpg").write_text("mine")
    report = run(tmp_path / "in", tmp_path / "out", HALF)
    assert done(report) == (2, 1, 0)
    assert "was there before this job began" in reasons(report)["p000.jpg"]
    assert (tmp_path / "out/p000.jpg").read_text() == "mine"
    assert run(tmp_path / "in", tmp_path / "out", HALF, overwrite=True).ok
    assert pixels(tmp_path / "out/p000.jpg").shape == (16, 24, 3)


def test_in_place_only_when_told_to(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    before = contents(tmp_path / "in")
    for place in (tmp_path / "in", tmp_path / "in/../in", f"{tmp_path}/in/{{folder}}/{{name}}.jpg"):
        with pytest.raises(OptionError, match=r"in holds the inputs, .* another folder, .*template .*--overwrite"):
            run(tmp_path / "in", place, HALF)
    with pytest.raises(OptionError, match="onto itself"):
        run(tmp_path / "in", tmp_path / "out", HALF, also={tmp_path / "in": HALF})
    assert contents(tmp_path / "in") == before
    assert not (tmp_path / "out").exists()
    assert run(tmp_path / "in", tmp_path / "in", HALF, overwrite=True).ok
    assert pixels(tmp_path / "in/p000.jpg").shape == (16, 24, 3)
    assert done(run(tmp_path / "in", tmp_path / "in", HALF, overwrite=True)) == (2, 2, 2)


def test_where_only_some_would_be_written_onto_themselves_the_others_are_made(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    (tmp_path / "in/z.png").write_bytes(encoded(picture(1), "png"))
    report = run(tmp_path / "in", tmp_path / "in", HALF, encode="png")
    assert done(report) == (3, 2, 0)
    assert list(reasons(report)) == ["z.png"]


def test_the_output_inside_the_input_is_never_an_input(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    for _ in range(2):
        assert run(tmp_path / "in", tmp_path / "in/small", HALF).total == 2
    photos(tmp_path / "beside/x", 2)
    template = f"{tmp_path}/beside/{{folder}}/{{name}}-small.jpg"
    for resumed in (0, 2):
        assert done(run(tmp_path / "beside", template, HALF)) == (2, 2, resumed)


def test_two_jobs_at_once_into_one_folder(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)

    def another(image: Any) -> Any:
        with pytest.raises(Unavailable, match="another sink is writing into this folder"):
            run(tmp_path / "in", tmp_path / "out", HALF)
        return image

    assert run(tmp_path / "in", tmp_path / "out", another).ok


def test_a_rehearsal_makes_nothing(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)
    report = run(tmp_path / "in", tmp_path / "out", HALF, dry_run=True)
    assert done(report) == (3, 0, 0)
    assert not report.ok
    assert not (tmp_path / "out").exists()
    run(tmp_path / "in", tmp_path / "out", HALF)
    (tmp_path / "in/new.jpg").touch()
    assert done(run(tmp_path / "in", tmp_path / "out", HALF, dry_run=True)) == (4, 3, 3)


def test_the_report_is_json_that_names_everything(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    odd = os.fsdecode(b"\xff-not text.jpg")
    (tmp_path / "in" / odd).write_text("hello")
    (tmp_path / "in/readme.md").touch()
    report = run(tmp_path / "in", tmp_path / "out", HALF, report=tmp_path / "report.json")
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["total"], told["done"], told["ok"], told["finished"]) == (3, 2, False, True)
    assert told["failures"] == [
        {"path": str(tmp_path / "in" / odd), "reason": "it cannot be read as an image: it contains text"}
    ]
    assert told["left_out"] == {".md": 1}
    assert told["rate"] > 0
    assert str(report).startswith("2/3 in ")


# what cannot be begun ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"encode": "exr"}, "files are jpeg"),
        ({"encode": "png=5"}, "png takes no value"),
        ({"encode": "jpeg=85", "quality": 90}, "say the same thing"),
        ({"encode": "jpeg=0"}, "quality='0' is not possible"),
        ({"quality": 101}, "quality=101 is not possible"),
        ({"subsampling": "421"}, "subsampling='421' is not possible"),
        ({"max_pixels": 0}, "max_pixels=0 is not possible"),
        ({"work_timeout": 0}, "work_timeout=0 is not possible"),
        ({"workers": "many"}, "workers='many' is not possible"),
        ({"also": {"out": "gray"}}, "two outputs have the same name"),
        ({"also": 7}, "also=7 is not possible: give a folder or template and its ops"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_made(
    options: dict[str, Any], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(tmp_path / "in", 1)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError) as caught:
        run("in", "out", HALF, **options)
    assert text in str(caught.value)
    assert not Path("out").exists()


@pytest.mark.parametrize("ops_", ["resize=0x0", "resise=5x5", "resize", "nowhere.py:op", f"{ops.__name__}:gone"])
def test_ops_that_cannot_be_leave_no_journal(ops_: str, tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    with pytest.raises(OptionError):
        run(tmp_path / "in", tmp_path / "out", ops_)
    assert not (tmp_path / "out/.framebus-journal").exists()


def test_nothing_to_do_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").touch()
    with pytest.raises(Unavailable, match=r"there are no images .* there is 1 \.txt"):
        run(tmp_path / "in", tmp_path / "out", HALF)
    with pytest.raises(Unavailable, match=r"no files that match \*\.jpg"):
        run(tmp_path / "in", tmp_path / "out", HALF, match="*.jpg")


def test_places_that_cannot_be(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="no such file or folder"):
        run(tmp_path / "gone", tmp_path / "out", HALF)
    with pytest.raises(Unavailable, match="it is a file, not a folder"):
        run(tmp_path / "in", tmp_path / "file", HALF)
    with pytest.raises(AddressError, match="one name for many files"):
        run(tmp_path / "in", tmp_path / "out.jpg", HALF)
