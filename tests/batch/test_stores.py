"""Whole jobs over an object store: the same files, resume, report and errors as over folders."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.batch.process import process
from framebus.batch.report import Report
from framebus.core.errors import AddressError, OptionError, Unavailable
from tests.batch import ops
from tests.batch.buckets import Bucket
from tests.batch.photos import contents, encoded, jpeg, photos, picture
from tests.clips import make_clip
from tests.conftest import StartChild
from tests.waiting import until

SMALL = "resize=24x16"


def run(*args: Any, **options: Any) -> Report:
    return process(*args, **{"workers": 0, **options})


def reasons(report: Report) -> dict[str, str]:
    return {trouble.path.rpartition("/")[2]: trouble.reason for trouble in report.failures}


def next_second() -> None:
    """Stores tell seconds."""
    now = int(time.time())
    until(lambda: int(time.time()) > now)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos(tmp_path / "in/x/y", 3)
    return photos(tmp_path / "in", 4)


@pytest.fixture
def expected(folder: Path, tmp_path: Path) -> dict[str, bytes]:
    assert run(folder, tmp_path / "expected", SMALL).ok
    return dict(contents(tmp_path / "expected"))


# there and back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_from_folder_to_bucket_to_bucket_to_folder(
    workers: int, folder: Path, expected: dict[str, bytes], bucket: Bucket, tmp_path: Path
) -> None:
    report = run(folder, f"{bucket.url}/small", SMALL, workers=workers)
    assert (report.ok, report.total, report.files) == (True, 7, 7)
    assert bucket.contents("small") == expected
    source = bucket.put_all(folder, "in")
    assert run(source, f"{bucket.url}/again/", SMALL, workers=workers).ok
    assert bucket.contents("again") == expected
    report = run(source, tmp_path / "out", SMALL, workers=workers)
    assert report.read_bytes == sum(map(len, contents(folder).values()))
    assert contents(tmp_path / "out") == expected


def test_an_executor_does_it_too(folder: Path, expected: dict[str, bytes], bucket: Bucket) -> None:
    with ThreadPoolExecutor(2) as executor:
        assert run(bucket.put_all(folder, "in"), f"{bucket.url}/small", SMALL, workers=executor).ok
    assert bucket.contents("small") == expected


def test_templates_and_further_outputs(folder: Path, bucket: Bucket, tmp_path: Path) -> None:
    also = {f"{bucket.url}/gray": "gray", tmp_path / "tiny": "resize=8x8"}
    assert run(folder, f"{bucket.url}/all/{{folder}}/{{name}}-small.png", SMALL, also=also).files == 21
    assert list(bucket.contents("all"))[:2] == ["p000-small.png", "p001-small.png"]
    assert "x/y/p000-small.png" in bucket.contents("all")
    assert list(bucket.contents("gray")) == list(contents(tmp_path / "tiny")) == list(contents(folder))


@pytest.mark.parametrize(
    ("places", "options", "total"),
    [
        (["/in"], {"match": "p00[01].jpg"}, 4),
        (["/in"], {"match": "x/*"}, 3),
        (["/in/"], {}, 7),
        (["/in/p000.jpg"], {}, 1),
        (["/in/*.jpg"], {}, 4),
        (["/in/p000.jpg", "/in/x"], {}, 4),
        (["/list.txt"], {}, 2),
    ],
)
def test_what_is_read(
    places: list[str], options: dict[str, Any], total: int, folder: Path, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.put_all(folder, "in")
    bucket.put("list.txt", f"{bucket.url}/in/p000.jpg\n{bucket.url}/in/x/y/p001.jpg\n".encode())
    bucket.put("in/.hidden.jpg", jpeg())
    bucket.put("in/readme.md", b"hello")
    report = run([bucket.url + place for place in places], tmp_path / "out", SMALL, **options)
    assert (report.ok, report.total) == (True, total)


def test_the_output_inside_the_input_is_no_input(folder: Path, bucket: Bucket) -> None:
    source = bucket.put_all(folder, "in")
    for resumed in (0, 7):
        report = run(source, f"{source}/small", SMALL)
        assert (report.total, report.done, report.resumed) == (7, 7, resumed)


def test_pages_videos_and_what_is_no_picture(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    make_clip(tmp_path / "in/clip.mp4", frames=3)
    (tmp_path / "in/scan.tif").write_bytes(encoded(picture(), "TIFF"))
    for name, data in {"empty.jpg": b"", "text.jpg": b"hello", "cut.jpg": jpeg()[:-100]}.items():
        (tmp_path / "in" / name).write_bytes(data)
    source = bucket.put_all(tmp_path / "in", "in")
    found = reasons(run([source, f"{source}/clip.mp4"], f"{bucket.url}/out", encode="png"))
    plain = reasons(run([tmp_path / "in", tmp_path / "in/clip.mp4"], tmp_path / "out", encode="png"))
    assert found == plain
    assert "contains text" in found["text.jpg"]
    assert bucket.contents("out") == contents(tmp_path / "out")


def test_a_damaged_scan_is_told_by_its_own_name(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("in/scan.tif", encoded(picture(), "TIFF")[:-200])
    (trouble,) = run(f"{bucket.url}/in", tmp_path / "out").failures
    assert "framebus-" not in trouble.reason
    assert trouble.path == f"{bucket.url}/in/scan.tif"


def test_names_that_no_file_can_have(bucket: Bucket, tmp_path: Path) -> None:
    for key in ("in/a.jpg", "in/../b.jpg", "in//c.jpg", "in/ü ?*[1]#%.jpg"):
        bucket.put(key, jpeg())
    report = run(f"{bucket.url}/in", tmp_path / "deep/out", SMALL)
    assert sorted(contents(tmp_path / "deep/out")) == ["a.jpg", "ü ?*[1]#%.jpg"]
    assert {trouble.reason for trouble in report.failures} == {
        "its name is none that a file can have, so nothing below it is read: rename it"
    }
    assert not (tmp_path / "deep/b.jpg").exists()


# resuming ------------------------------------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(folder: Path, bucket: Bucket, tmp_path: Path) -> None:
    source, out = bucket.put_all(folder, "in"), f"{bucket.url}/out"
    assert run(source, out, SMALL).ok
    assert run(source, out, SMALL).resumed == 7
    bucket.remove("out/p000.jpg")
    next_second()
    bucket.put("in/x/y/p001.jpg", jpeg(99))
    again = run(source, out, SMALL)
    assert (again.ok, again.resumed, again.files) == (True, 5, 2)
    (state,) = (Path(os.environ["XDG_STATE_HOME"]) / "framebus/jobs").iterdir()
    assert state.name.startswith(f"s3-{bucket.name}-out-")
    assert (state / ".framebus-journal").exists()


def test_other_options_and_inputs_are_another_job(folder: Path, bucket: Bucket) -> None:
    source, out = bucket.put_all(folder, "in"), f"{bucket.url}/out"
    run(source, out, SMALL)
    before = bucket.contents("out")
    with pytest.raises(OptionError, match=rf"{out} was begun as another job \(ops: resize=24x16 → resize=9x9\)"):
        run(source, out, "resize=9x9")
    with pytest.raises(OptionError, match="from: "):
        run(folder, out, SMALL)
    assert bucket.contents("out") == before
    assert run(source, out, "resize=9x9", resume=False).ok
    assert bucket.contents("out") != before


@pytest.mark.parametrize("op", [SMALL, ops.halves])
def test_objects_of_others_are_not_replaced(op: Any, bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    name = "p000.jpg" if op == SMALL else "p000-00000001.jpg"
    bucket.put(f"out/{name}", b"mine")
    next_second()
    report = run(tmp_path / "in", f"{bucket.url}/out", op)
    assert (report.total, report.done) == (2, 1)
    assert "was there before this job began" in reasons(report)["p000.jpg"]
    assert bucket.contents("out")[name] == b"mine"
    assert run(tmp_path / "in", f"{bucket.url}/out", op, overwrite=True).ok
    assert bucket.contents("out")[name] != b"mine"


def test_who_crashes_is_quarantined(bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 6)
    (tmp_path / "in/crash-1.jpg").write_bytes(jpeg())
    source = bucket.put_all(tmp_path / "in", "in")
    for resumed in (0, 6):
        report = run(source, f"{bucket.url}/out", ops.trouble, workers=2)
        assert (report.done, report.resumed) == (6, resumed)
        assert [trouble.path for trouble in report.quarantined] == [f"{source}/crash-1.jpg"]


def test_two_jobs_at_once_to_one_place(bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)

    def another(image: Any) -> Any:
        with pytest.raises(Unavailable, match=rf"{bucket.url}/out: .* is writing into this folder"):
            run(tmp_path / "in", f"{bucket.url}/out", SMALL)
        return image

    assert run(tmp_path / "in", f"{bucket.url}/out", another).ok


def test_comparing_and_rehearsing_leave_nothing(bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 6)
    source = bucket.put_all(tmp_path / "in", "in")
    assert run(source, f"{bucket.url}/out", SMALL, dry_run=True).total == 6
    assert bucket.contents("out") == {}
    report = run(source, f"{bucket.url}/out", SMALL, workers=2, compare=True)
    assert report.comparison is not None
    assert sorted(bucket.contents("out")) == sorted(contents(tmp_path / "in"))


# what cannot be ------------------------------------------------------------------------------------------------------


def test_no_such_bucket(bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    with pytest.raises(Unavailable, match=r"s3://no-such-bucket.*: there is no such bucket"):
        run(tmp_path / "in", "s3://no-such-bucket/out", SMALL)
    with pytest.raises(Unavailable, match=r"s3://no-such-bucket/in: "):
        run("s3://no-such-bucket/in", tmp_path / "out", SMALL)
    with pytest.raises(Unavailable, match=r"nowhere: no such object, and nothing is below it"):
        run(f"{bucket.url}/nowhere", tmp_path / "out", SMALL)


def test_no_credentials(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Unavailable, match=r"the credentials are missing .* AWS_ACCESS_KEY_ID"):
        run(f"{bucket.url}/in", tmp_path / "out", SMALL)


def test_a_lost_connection_is_named(
    bucket: Bucket, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(tmp_path / "in", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port}")
    with pytest.raises(Unavailable, match=r"the connection to the store is lost, several tries failed .*: start again"):
        run(tmp_path / "in", f"{bucket.url}/out", SMALL)


def test_a_connection_that_is_lost_at_work_ends_the_job(
    bucket: Bucket, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(tmp_path / "in", 5)
    source = bucket.put_all(tmp_path / "in", "in")

    def cut(image: Any) -> Any:
        from framebus.batch.stores import objects

        objects.let_go()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port}")
        return image

    report = run(source, f"{bucket.url}/out", cut)
    assert report.done == 0
    assert "the connection to the store is lost" in report.stopped


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("nothing://b/x", "Protocol not known: nothing"),
        ("s3://", "which bucket"),
        ("s3://{name}.jpg", "the bucket comes before"),
        ("s3://b/out.jpg", "one name for many files"),
    ],
)
def test_places_that_cannot_be(url: str, text: str, store: str, tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    with pytest.raises((AddressError, Unavailable)) as caught:
        run(tmp_path / "in", url, SMALL)
    assert text in str(caught.value)


def test_inputs_of_two_kinds_have_nothing_in_common(bucket: Bucket, folder: Path, tmp_path: Path) -> None:
    bucket.put("in/a.jpg", jpeg())
    with pytest.raises(OptionError, match="have nothing in common: give inputs of one store"):
        run([folder, f"{bucket.url}/in"], tmp_path / "out", SMALL)


# other stores --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1])
def test_stores_without_whole_objects_get_partial_names_first(workers: int, folder: Path, tmp_path: Path) -> None:
    expected = run(folder, tmp_path / "plain", SMALL)
    assert run(f"file://{folder}", f"file://{tmp_path}/out", SMALL, workers=workers).ok
    assert expected.ok
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    assert not list((tmp_path / "out").rglob(".*"))


def test_what_a_killed_job_left_there_goes(folder: Path, tmp_path: Path) -> None:
    run(folder, f"file://{tmp_path}/out", SMALL)
    (state,) = (Path(os.environ["XDG_STATE_HOME"]) / "framebus/jobs").iterdir()
    journal = state / ".framebus-journal"
    journal.write_bytes(journal.read_bytes().rpartition(b'{"ended"')[0])
    (tmp_path / "out/x/.p000.jpg.abcd.partial").touch()
    assert run(folder, f"file://{tmp_path}/out", SMALL).resumed == 7
    assert not list((tmp_path / "out").rglob(".*"))


def test_a_store_in_memory(folder: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    assert run(folder, "memory://here/out", SMALL).ok
    assert run("memory://here/out", tmp_path / "out").total == 7
    assert np.array_equal(sorted(contents(tmp_path / "out")), sorted(expected))


def test_credentials_in_urls_are_never_shown(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.jpg").write_bytes(b"")
    shown = []
    report = run(folder, "memory://ann:s3cret@here/out", SMALL, report=tmp_path / "report.json")
    report = run("memory://ann:s3cret@here/out", tmp_path / "out", SMALL, report=tmp_path / "again.json")
    for state in (Path(os.environ["XDG_STATE_HOME"]) / "framebus/jobs").iterdir():
        shown += [state.name, (state / ".framebus-journal").read_text()]
    shown += [(tmp_path / "report.json").read_text(), (tmp_path / "again.json").read_text(), str(report)]
    shown += [(tmp_path / "out/.framebus-journal").read_text()]
    assert "s3cret" not in "".join(shown)


def test_the_command_works_on_stores_and_keeps_quiet_about_credentials(
    child: StartChild, bucket: Bucket, folder: Path, tmp_path: Path
) -> None:
    process = ("-m", "framebus", "process")
    source = bucket.put_all(folder, "in")
    rehearsed = child(*process, source, f"{bucket.url}/out", "--op", SMALL, "--dry-run").succeed()
    assert f"{source}/x/y/p000.jpg → {bucket.url}/out/x/y/p000.jpg" in rehearsed.splitlines()
    done = child(*process, source, f"{bucket.url}/out", "--op", SMALL, "--workers", "2")
    done.succeed()
    assert "7/7 in " in done.stderr
    refused = child(*process, "memory://ann:s3cret@here/in", tmp_path / "out", "--op", SMALL)
    assert refused.wait() == 4
    assert "memory://***@here/in: no such object, and nothing is below it" in refused.stderr
    assert "s3cret" not in refused.stderr + refused.stdout
