"""How long a publisher waits for readers that are owed frames."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import framebus as fb
from framebus.testing.links import WAIT_S, Reading, numbers, picture

PATIENCE_S = 1.0
FRAMES = 12


@pytest.fixture
def address(runtime_dir: Path) -> str:
    return f"ipc://{runtime_dir}/link"


def test_a_reader_that_takes_longer_than_the_patience_in_all_but_takes_on_gets_everything(address: str) -> None:
    never = threading.Event()

    def slowly(got: list[fb.Frame]) -> bool:
        return never.wait(1.5 * PATIENCE_S / FRAMES)

    reader = Reading(fb.open(address, keep="all", group="slow", timeout=WAIT_S), slowly)
    with fb.publish(address, wait_for=["slow"], patience=PATIENCE_S) as out:
        for number in range(FRAMES):
            out.send(picture(number))
    assert numbers(reader.result()) == list(range(FRAMES))


def test_closing_gives_up_on_a_group_that_takes_nothing_and_names_it(address: str) -> None:
    out = fb.publish(address, wait_for=["stuck"], patience=0.1)
    with fb.open(address, keep="all", group="stuck", timeout=WAIT_S) as source:
        sending = threading.Thread(target=out.send, args=(picture(0),))
        sending.start()
        source.read()
        sending.join()
        with pytest.raises(fb.Timeout, match=r"waiting for stuck .* nothing was taken for 0\.1 s: raise patience"):
            out.close()
