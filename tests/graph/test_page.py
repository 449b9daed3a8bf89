"""The page of a system is a part of it like others: watched, started again, and told how everything is."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from framebus.memory.pool import supported
from tests.conftest import StartChild
from tests.graph.stage import CAMERA, Condition, Stage
from tests.waiting import until

pytest.importorskip("starlette")
pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")

TOKEN = "a-token-of-my-own"  # noqa: S105


def asked(link: str, path: str) -> Any:
    """What the page answers a program; None while it does not."""
    parts = urlsplit(link)
    headers = {"Authorization": f"Bearer {parse_qs(parts.query)['token'][0]}"}
    request = urllib.request.Request(f"http://{parts.netloc}/{path}", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310  (our own)
            return json.load(answer)
    except OSError:
        return None


def states(link: str) -> dict[str, str]:
    """How all parts are, by key, as the page tells it."""
    return {part["key"]: part["state"] for part in (asked(link, "api/system") or {"parts": []})["parts"]}


def shown(link: str) -> dict[str, str]:
    """How all streams are, by name."""
    return {stream["name"]: stream["state"] for stream in (asked(link, "api/streams") or {"streams": []})["streams"]}


def system(port: int = 0) -> dict[str, Any]:
    return {
        "streams": {"gate": CAMERA},
        "pipes": {"small": {"source": "gate", "ops": "resize=32x24"}},
        "web": {"listen": f"localhost:{port}", "token": TOKEN},
    }


def test_the_page_shows_the_streams_of_the_system_and_the_system() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links)
        yield lambda: shown(stage.links[0]) == {"gate": "live", "small": "live"}
        yield lambda: set(states(stage.links[0]).values()) == {"live"}
        assert list(states(stage.links[0])) == ["streams", "streams.gate", "pipes.small", "web"]

    stage = Stage(system(), script)
    views = stage.run()
    assert views["web"].state == "stopped"
    assert len(stage.links) == 1


def test_whoever_opens_the_page_first_sees_the_whole_system() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links)
        yield lambda: asked(stage.links[0], "api/streams") is not None
        assert list(states(stage.links[0])) == ["streams", "streams.gate", "pipes.small", "web"]

    Stage(system(), script).run()


def test_a_page_that_is_killed_comes_back_at_the_same_link(free_port: int) -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links) and "gate" in shown(stage.links[0])
        others = stage.pids("streams", "pipes.small")
        old = stage.kill("web")
        yield lambda: stage.views["web"].restarts == 1 and stage.views["web"].pid not in (0, old)
        yield lambda: shown(stage.links[0]).get("gate") == "live"
        yield lambda: states(stage.links[0]).get("web") == "live"
        told = {part["key"]: part for part in asked(stage.links[0], "api/system")["parts"]}
        assert (told["web"]["restarts"], told["web"]["death"]) == (1, "its process was killed by SIGKILL")
        assert stage.pids("streams", "pipes.small") == others

    stage = Stage(system(free_port), script)
    stage.run()
    assert len(stage.links) == 1


def test_a_dead_part_is_told_with_its_reason() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links) and states(stage.links[0]).get("streams.door") == "away"
        told = {part["key"]: part for part in asked(stage.links[0], "api/system")["parts"]}
        assert "hidden-word" not in json.dumps(told)
        assert told["streams.door"]["why"]
        yield lambda: shown(stage.links[0]).get("door") == "away"
        tiles = {stream["name"]: stream for stream in asked(stage.links[0], "api/streams")["streams"]}
        assert tiles["door"]["why"] == told["streams.door"]["why"]
        assert told["streams.door"]["place"] == "rtsp://***@127.0.0.1:9/main"

    described = system()
    described["streams"]["door"] = "rtsp://me:hidden-word@127.0.0.1:9/main"
    Stage(described, script).run()


def test_a_changed_table_starts_the_page_alone_again(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "yard.toml"
    text = f"""\
[streams]
gate = {{ source = "synthetic:", size = "64x48" }}

[web]
listen = "localhost:{free_port}"
token = "{TOKEN}"
"""
    file.write_text(text)

    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links) and shown(stage.links[0]).get("gate") == "live"
        capture, old = stage.pids("streams", "web")
        file.write_text(text + "max_fps = 5\n")
        yield lambda: any("is applied: web changed" in word for word in stage.words)
        yield lambda: stage.views["web"].pid not in (0, old) and shown(stage.links[0]).get("gate") == "live"
        assert stage.pids("streams") == [capture]
        assert stage.views["web"].restarts == 0

    stage = Stage(file, script)
    stage.run()
    assert len(stage.links) == 1


def test_a_page_that_stands_still_holds_up_nobody_and_goes_on() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.links) and states(stage.links[0]).get("web") == "live"
        stage.kill("web", signal.SIGSTOP)
        yield stage.state("web", "silent")
        yield stage.moved("pipes.small", 30)
        stage.kill("web", signal.SIGCONT)
        yield lambda: stage.state("web", "live")() and states(stage.links[0]).get("web") == "live"

    views = Stage(system(), script).run()
    assert views["web"].restarts == 0


def test_a_program_is_told_the_link(child: StartChild) -> None:
    code = f"import framebus as fb; fb.run({system()!r})"
    process = child("-c", code)
    link = process.wait_line(r"^admin: (http://localhost:\d+/\?token=\S+)$")[1]
    until(lambda: shown(link).get("gate") == "live")
    process.interrupt()
    process.wait()
    assert process.stderr.count("?token=") == 1


def test_a_port_that_is_taken_is_a_state_and_stops_nothing_else(free_port: int) -> None:
    import socket

    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.state("web", "again")
        assert f"cannot listen at localhost:{free_port}" in stage.views["web"].why
        yield stage.live("streams.gate", "pipes.small")
        taken.close()
        yield lambda: bool(stage.links) and "gate" in shown(stage.links[0])

    with socket.create_server(("127.0.0.1", free_port)) as taken:
        Stage(system(free_port), script).run()
