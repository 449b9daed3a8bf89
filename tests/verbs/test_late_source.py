"""A reader whose frames are worked on elsewhere: nobody hears of it, or waits for it, before it can work."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import framebus as fb
from framebus.core.errors import Closed, OptionError
from framebus.testing.links import picture
from framebus.verbs.late_source import LateSource
from framebus.verbs.merged import MergedSource
from framebus.verbs.open import open_all
from framebus.verbs.opened import MadeSource
from tests.verbs.makers import Listed
from tests.verbs.makers import picture as item

MODEL = """
class Model:
    def __init__(self):
        open("loading", "w").close()  # waits until somebody looks
        open("loaded").close()  # and until that one says so

    def __call__(self, image):
        return {"mean": float(image.mean())}
"""


@pytest.fixture
def address(runtime_dir: Path) -> str:
    return f"ipc://{runtime_dir}/link"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where `slow.py` is: it tells the file `loading` when it is being built, and is built once `loaded` was
    written to."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.py").write_text(MODEL)
    os.mkfifo("loading")
    os.mkfifo("loaded")
    yield tmp_path
    for pipe in ("loading", "loaded"):  # a worker that still waits there ends
        os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))


@pytest.mark.parametrize("work", [{"ops": "slow.py:Model", "workers": 1}, {"gather": {"found": "slow.py:Model"}}])
def test_a_member_connects_once_it_can_work(address: str, model: Path, work: dict[str, Any]) -> None:
    results = model / "results"
    member = threading.Thread(target=fb.pipe, args=(address, f"{results}/"), kwargs={"group": "models", **work})
    with fb.publish(address, wait_for=["models"], patience=0.2) as out:
        member.start()
        Path("loading").read_text()
        assert all(reader.away for reader in out.stats().readers), "would be dealt frames now, and given up on"
        Path("loaded").write_text("")
        for number in range(5):
            out.send(picture(number), stream="frames")
        out.close()
    member.join()
    assert len(list(results.glob("frames-*.png"))) == 5


def test_it_is_opened_with_the_first_frame_asked_for() -> None:
    opened: list[MadeSource] = []

    def join() -> MadeSource:
        opened.append(MadeSource(Listed([item(0), item(1)])))
        return opened[0]

    with LateSource(join, "tcp://head:5557") as late:
        assert (late.live, late.stats().frames, late.states(), opened) == (True, 0, {}, [])
        assert [frame.seq for frame in late] == [0, 1]
        assert (late.live, late.stats().frames, len(opened)) == (False, 2, 1)


def test_several_are_opened_when_somebody_reads() -> None:
    opened: list[MadeSource] = []

    def join() -> MadeSource:
        opened.append(MadeSource(Listed([item(len(opened))])))
        return opened[-1]

    with MergedSource([LateSource(join, "tcp://left:5557"), LateSource(join, "tcp://right:5557")]) as both:
        assert opened == []
        assert sorted(frame.seq for frame in both) == [0, 1]


def test_one_that_is_closed_before_was_never_there() -> None:
    late = LateSource(lambda: pytest.fail("opened"), "tcp://head:5557")
    late.close()
    with pytest.raises(Closed, match="tcp://head:5557"):
        late.take(0)


def test_what_is_wrong_with_the_address_or_an_option_is_said_at_once() -> None:
    with pytest.raises(OptionError, match="quality"):
        open_all(["tcp://head:5557"], {}, {"quality": 90}, elsewhere=True)
