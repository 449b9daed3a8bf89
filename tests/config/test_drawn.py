"""A system as data: its parts, how each is, and who takes frames from whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from framebus.config.drawn import Drawing
from framebus.config.parsing import Description, read
from framebus.graph.channel import Figures
from framebus.graph.view import View

pytest.importorskip("starlette")

SYSTEM = {
    "streams": {"gate": {"source": "rtsp://me:hidden-word@cam/main", "transport": "udp"}, "yard": "synthetic:"},
    "services": {"light": {"op": len, "address": "tcp://:7000", "insecure": True}},
    "pipes": {
        "look": {
            "source": ["gate", "yard"],
            "gather": {"bright": "light", "pose": "tcp://gpu:7000", "own": len},
            "max_fps": 10,
            "sink": "shm://{stream}-seen",
        },
        "small": {"source": ["gate-seen", "tcp://desk:5555/far"], "ops": "resize=320x240"},
        "keep": {"source": "*", "sink": "kept/"},
    },
    "web": {"listen": "localhost:8123"},
}


def view(key: str, kind: Any = "pipe", **more: Any) -> View:
    facts: dict[str, Any] = {"state": "live", "figures": Figures()} | more
    return View(key=key, name=key.rpartition(".")[2], kind=kind, **facts)


def parts(*views: View, system: Any = None) -> dict[str, dict[str, Any]]:
    """What is told of these, by key."""
    told = json.loads(Drawing(system or read(SYSTEM)).told(views))
    return {part["key"]: part for part in told["parts"]}


def test_a_part_is_told_with_all_that_is_known_of_it() -> None:
    figures = Figures(rate=9.5, age_s=0.2, frames=100, missed=3, queue=4, workers=2, cpu=0.25, memory=1000)
    look = view("pipes.look", state="again", why="no disk", figures=figures, pid=77, restarts=2, death="was killed")
    assert parts(look)["pipes.look"] == {
        "key": "pipes.look",
        "name": "look",
        "kind": "pipe",
        "state": "again",
        "why": "no disk",
        "pid": 77,
        "restarts": 2,
        "death": "was killed",
        "rate": 9.5,
        "age_s": 0.2,
        "frames": 100,
        "missed": 3,
        "queue": 4,
        "workers": 2,
        "cpu": 0.25,
        "memory": 1000,
        "place": "",
        "does": ["asks bright: light", "asks pose: tcp://gpu:7000", "asks own: len", "max_fps 10"],
        "reads": ["streams.gate", "streams.yard"],
        "asks": ["services.light", "tcp://gpu:7000"],
        "writes": "shm://{stream}-seen",
    }


def test_arrows_lead_from_who_makes_a_stream_and_from_outside() -> None:
    told = parts(view("pipes.small"), view("pipes.keep"), view("web", "web"))
    assert told["pipes.small"]["reads"] == ["pipes.look", "tcp://desk:5555/far"]
    assert told["pipes.keep"]["reads"] == ["streams.gate", "streams.yard"]
    assert told["pipes.keep"]["writes"] == "kept/"
    assert told["web"]["reads"] == ["streams.gate", "streams.yard", "pipes.look", "pipes.small"]
    assert told["web"]["place"] == "localhost:8123"


def test_a_stream_says_where_it_comes_from_without_its_password() -> None:
    gate = parts(view("streams.gate", "stream"))["streams.gate"]
    assert (gate["place"], gate["does"], gate["writes"]) == ("rtsp://***@cam/main", ["transport udp"], "shm://gate")


def test_what_nobody_knows_is_none_and_not_left_out() -> None:
    assert parts(view("pipes.keep"))["pipes.keep"]["age_s"] is None


def test_what_is_no_longer_in_the_file_is_told_while_it_ends() -> None:
    gone = parts(view("pipes.gone", state="stopping"))["pipes.gone"]
    assert (gone["state"], gone["reads"], gone["writes"]) == ("stopping", [], "")


def test_every_plan_can_be_drawn_and_the_file_has_its_name() -> None:
    description = read(SYSTEM)
    assert isinstance(description, Description)
    told = json.loads(Drawing(description).told([view(plan.key) for plan in description.plans]))
    assert told["file"] == ""
    assert [part["key"] for part in told["parts"]] == [plan.key for plan in description.plans]
