"""What a console or log shows of a source and a publisher: where, how it is, how much passed; one line, no secrets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.core.contracts import SourceState
from framebus.verbs.opened import MadeSource
from framebus.verbs.relay import Relay
from tests.verbs.makers import Listed, picture

IMAGE = np.zeros((4, 6, 3), np.uint8)


def test_a_source_from_its_opening_to_its_end() -> None:
    source = fb.open("synthetic:door", size="64x48", fps=0, frames=2)
    assert repr(source) == "<Source synthetic:door: open, 0 frames>"
    source.read()
    assert repr(source) == "<Source synthetic:door: open, 1 frame>"
    assert len(list(source)) == 1
    assert repr(source) == "<Source synthetic:door: ended, 2 frames>"
    source.close()
    assert repr(source) == "<Source synthetic:door: closed, 2 frames>"


def test_several_sources_are_all_named() -> None:
    with fb.open("synthetic:left", [IMAGE], "synthetic:right", frames=1, fps=0, size="64x48") as source:
        assert repr(source) == "<Source synthetic:left, the given list, synthetic:right: open, 0 frames>"
        list(source)
        assert repr(source).endswith("ended, 3 frames of 3 streams>")


def test_what_was_missed_and_how_the_camera_is() -> None:
    maker = Listed([picture(0).replace(missed=3)])
    maker.state = SourceState(state="away", why="no route to cam")  # type: ignore[attr-defined]
    with MadeSource(maker) as source:
        source.read()
        assert repr(source) == f"<Source {source.name}: open, 1 frame, away (no route to cam), 3 missed>"


def test_both_ends_of_a_link(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/door.sock"
    with fb.publish(address, wait_for=1) as out, fb.open(address) as source:
        out.send(IMAGE)
        source.read(timeout=30)
        assert repr(out) == f"<Publisher {address}: open, 1 frame, 1 reader>"
        assert repr(source) == f"<Source {address}: open, 1 frame>"
    assert repr(out) == f"<Publisher {address}: closed, 1 frame>"
    assert repr(source) == f"<Source {address}: closed, 1 frame>"


def test_all_streams_of_this_machine(runtime_dir: Path) -> None:
    with fb.open("shm://cam*") as source:
        assert repr(source) == "<Source shm://cam*: open, 0 frames>"


def test_a_sink_on_disk(tmp_path: Path) -> None:
    with fb.publish(f"{tmp_path}/frames/") as out:
        out.send(IMAGE)
        assert repr(out) == f"<Publisher {tmp_path}/frames/: open, 1 frame>"
    assert repr(out) == f"<Publisher {tmp_path}/frames/: closed, 1 frame>"


def test_a_relay_that_has_nothing_to_pass_on_yet() -> None:
    relay = Relay(lambda: fb.publish("null:"), "shm://door", listens=True)
    assert repr(relay) == "<Publisher shm://door: open, 0 frames>"


@pytest.mark.parametrize("kind", [fb.Source, fb.Publisher])
def test_one_that_is_half_made_is_shown_too(kind: type[object]) -> None:
    half = type("Half", (kind,), dict.fromkeys(kind.__abstractmethods__))  # type: ignore[attr-defined]
    made: object = half.__new__(half)  # type: ignore[call-overload]
    assert repr(made) in ("<Source>", "<Publisher: open>")
