"""Workers of an older program at a job: they are given paths, and what they make counts when it is there and whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framebus.batch.joining.proof import Proof
from framebus.batch.piece import Piece
from framebus.batch.process import process
from framebus.batch.report import Report
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.testing.children import Child
from tests.batch import ops
from tests.batch.photos import contents, jpeg, photos, pixels
from tests.conftest import StartChild

SMALL = "resize=24x16"
WORKER = Path(__file__).with_name("old_worker.py")

Start = Callable[..., Child]


@pytest.fixture(params=["ipc", "tcp"])
def address(request: pytest.FixtureRequest, runtime_dir: Path, free_ports: Callable[[], int]) -> tuple[str, str]:
    """Of the ROUTER and the PUB."""
    if request.param == "ipc":
        return f"ipc://{runtime_dir}/router.ipc", f"ipc://{runtime_dir}/publisher.ipc"
    port = free_ports()
    return f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port + 1}"


@pytest.fixture
def ipc(runtime_dir: Path) -> tuple[str, str]:
    return f"ipc://{runtime_dir}/router.ipc", f"ipc://{runtime_dir}/publisher.ipc"


@pytest.fixture
def start(child: StartChild, tmp_path: Path) -> Start:
    """Start such a worker, before there is a job."""
    (tmp_path / "marks").mkdir()
    (tmp_path / "out").mkdir()

    def started(address: tuple[str, str], number: int, *manners: str) -> Child:
        return child(WORKER, *address, tmp_path / "out", str(number), *manners, cwd=tmp_path)

    return started


def run(tmp_path: Path, router: str, marks: int, **options: Any) -> Report:
    """A job whose own workers wait until the others have each had a picture."""
    waiting = f"{ops.__name__}:Patient='{tmp_path}/marks',{marks}"
    options = {"workers": 1, **options}
    return process(tmp_path / "in", tmp_path / "out", [SMALL, waiting], join=router, **options)


def whole(tmp_path: Path, count: int) -> None:
    assert len(contents(tmp_path / "out")) == count
    assert {pixels(tmp_path / "out" / name).shape for name in contents(tmp_path / "out")} == {(16, 24, 3)}


@pytest.mark.parametrize("workers", [1, 2])
def test_they_work_and_are_sent_home(
    workers: int, address: tuple[str, str], start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos(tmp_path / "in", 120)
    others = [start(address, number, "fair") for number in range(2)]
    report = run(tmp_path, address[0], 2, workers=workers)
    assert (report.ok, report.done, report.files, report.workers) == (True, 120, 120, workers)
    assert sum(int(other.succeed()) for other in others) > 1
    whole(tmp_path, 120)
    assert not list(Path(tmp_path / "out").rglob("*.partial"))
    assert not caplog.records


def test_they_work_beside_a_single_process_too(ipc: tuple[str, str], start: Start, tmp_path: Path) -> None:
    photos(tmp_path / "in", 60)
    other = start(ipc, 0)
    assert run(tmp_path, ipc[0], 0, workers=0).done == 60
    whole(tmp_path, 60)
    other.kill()


@pytest.mark.parametrize("manners", ["lying", "cutting", "failing", "rubbish"])
def test_what_they_say_alone_counts_for_nothing(
    manners: str, ipc: tuple[str, str], start: Start, tmp_path: Path
) -> None:
    photos(tmp_path / "in", 40)
    other = start(ipc, 0, manners)
    report = run(tmp_path, ipc[0], 1)
    assert (report.ok, report.done, report.quarantined) == (True, 40, [])
    assert int(other.succeed()) > 0
    whole(tmp_path, 40)
    assert not (tmp_path / "pwned").exists()


def test_what_was_there_before_is_no_proof(ipc: tuple[str, str], start: Start, tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    other = start(ipc, 0, "lying")
    assert process(tmp_path / "in", tmp_path / "out", "resize=9x9", workers=0).ok
    assert run(tmp_path, ipc[0], 1, resume=False).ok
    assert int(other.succeed()) > 0
    whole(tmp_path, 20)


def test_one_that_vanishes_loses_nothing(address: tuple[str, str], start: Start, tmp_path: Path) -> None:
    photos(tmp_path / "in", 40)
    others = [start(address, number, "dying") for number in range(2)]
    report = run(tmp_path, address[0], 2)
    assert (report.ok, report.done, report.quarantined) == (True, 40, [])
    assert [other.wait() for other in others] == [3, 3]
    whole(tmp_path, 40)


def test_one_that_hangs_loses_nothing(ipc: tuple[str, str], start: Start, tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    other = start(ipc, 0, "hanging")
    report = run(tmp_path, ipc[0], 1, work_timeout="3s")
    assert (report.ok, report.done, report.quarantined) == (True, 20, [])
    other.kill()
    whole(tmp_path, 20)


def test_bad_pictures_are_judged_by_our_own(ipc: tuple[str, str], start: Start, tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    (tmp_path / "in/a-bad.jpg").write_bytes(b"")
    (tmp_path / "in/b-cut.jpg").write_bytes(jpeg()[:-100])
    start(ipc, 0)
    report = run(tmp_path, ipc[0], 1)
    assert report.done == 20 + ("b-cut.jpg" in contents(tmp_path / "out"))
    assert "a-bad.jpg" in [Path(trouble.path).name for trouble in report.failures]


def test_they_get_only_what_they_would_write_where_it_belongs(
    ipc: tuple[str, str], start: Start, tmp_path: Path
) -> None:
    photos(tmp_path / "in/deeper", 10)
    photos(tmp_path / "in", 1)
    start(ipc, 0)
    report = run(tmp_path, ipc[0], 1)
    assert report.ok
    assert sorted(contents(tmp_path / "out")) == sorted(contents(tmp_path / "in"))


def test_nobody_has_to_come(ipc: tuple[str, str], tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    assert process(tmp_path / "in", tmp_path / "out", SMALL, workers=2, join=ipc[0]).done == 20
    assert process(tmp_path / "in", tmp_path / "out", SMALL, workers=2, join=ipc[0]).resumed == 20


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"join": "shm://door"}, AddressError, "workers cannot join at shm://door"),
        ({"join": "imagezmq+tcp://:5555"}, AddressError, "workers cannot join at"),
        ({"join": "tcp://*:5555"}, Unavailable, "--insecure"),
        ({"join": ""}, OptionError, "join='' is not possible: give where to listen"),
        ({"insecure": True}, OptionError, "say where, with join"),
    ],
)
def test_places_where_nobody_can_join(
    options: dict[str, Any], error: type[Exception], text: str, tmp_path: Path
) -> None:
    photos(tmp_path / "in", 1)
    with pytest.raises(error) as caught:
        process(tmp_path / "in", tmp_path / "out", SMALL, workers=1, **options)
    assert text in str(caught.value)


def test_an_address_that_is_taken(ipc: tuple[str, str], tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)

    def another(image: Any) -> Any:
        with pytest.raises(Unavailable, match="a running process listens there"):
            process(tmp_path / "in", tmp_path / "out2", SMALL, workers=0, join=ipc[0])
        return image

    assert process(tmp_path / "in", tmp_path / "out", another, workers=0, join=ipc[0]).ok


def test_where_looking_at_what_they_made_breaks_the_job_goes_on_without_them(
    ipc: tuple[str, str], start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(proof: Proof, piece: Piece, before: object) -> None:
        raise RuntimeError("a parser stumbled")

    monkeypatch.setattr(Proof, "of", broken)
    photos(tmp_path / "in", 20)
    start(ipc, 0)
    assert run(tmp_path, ipc[0], 1).done == 20
    whole(tmp_path, 20)
