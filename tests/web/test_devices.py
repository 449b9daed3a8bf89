"""Devices on the page: what they are, setting their attributes, and what is refused."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import AddressError
from framebus.core.frame import Frame
from framebus.web.devices import Devices
from framebus.web.server import Server
from framebus.work.objects.attributes import fault, plain, takes
from framebus.work.objects.members import Member
from framebus.work.serve import serving
from tests.serving import running
from tests.web.conftest import LOOKS, OPERATES, TOKEN, Serve, ask, get


class Stage:
    """A stage to move."""

    def __init__(self) -> None:
        self.speed = 1.5
        self.steps = 10
        self.lit = False
        self.label = "left"
        self.corner = [0, 0]
        self.pixels = np.zeros((100, 100))

    @property
    def position(self) -> float:
        """Where it is, in mm."""
        return 4.25

    @property
    def gain(self) -> int:
        """From 0 to 10."""
        return 3

    @gain.setter
    def gain(self, value: int) -> None:
        if not 0 <= value <= 10:
            raise ValueError("gain is from 0 to 10")

    @property
    def broken(self) -> int:
        raise RuntimeError("no sensor")

    def move(self) -> None:
        """Move."""


@contextmanager
def served(address: str) -> Iterator[Stage]:
    """A stage at `address`."""
    stage = Stage()
    with serving(stage, address) as device, running(device):
        yield stage


@pytest.fixture
def stage(free_port: int) -> Iterator[tuple[Stage, str]]:
    with served(f"tcp://localhost:{free_port}") as stage:
        yield stage, f"tcp://localhost:{free_port}"


def told(server: Server, name: str) -> dict[str, Any]:
    return dict(json.loads(get(server, f"/api/devices/{name}")[1]))


def put(server: Server, path: str, value: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    status, body, _ = ask(server, "PUT", f"/api/devices/{path}", {"value": value}, **headers)
    return status, json.loads(body)


def test_a_device_is_its_attributes_each_of_its_kind(serve: Serve, stage: tuple[Stage, str]) -> None:
    server = serve("synthetic:", fps=5, devices=[stage[1]])
    listed = json.loads(get(server, "/api/devices")[1])["devices"]
    name = listed[0]["name"]
    assert name == stage[1].removeprefix("tcp://")
    found = told(server, name)
    assert (found["class"], found["doc"], found["error"]) == ("Stage", "A stage to move.", "")
    attributes = {one["name"]: one for one in found["attributes"]}
    assert {name: one["takes"] for name, one in attributes.items()} == {
        "broken": "nothing",
        "corner": "json",
        "gain": "whole",
        "label": "text",
        "lit": "switch",
        "pixels": "nothing",
        "position": "nothing",
        "speed": "number",
        "steps": "whole",
    }
    assert attributes["position"]["value"] == 4.25
    assert attributes["position"]["doc"] == "Where it is, in mm."
    assert attributes["pixels"]["value"] == {"shape": [100, 100], "dtype": "float64"}
    assert "no sensor" in attributes["broken"]["error"]


def test_attributes_are_set_once_they_are_seen_to_be_of_their_kind(serve: Serve, stage: tuple[Stage, str]) -> None:
    thing, address = stage
    server = serve("synthetic:", fps=5, devices=[address])
    name = address.removeprefix("tcp://")
    assert put(server, f"{name}/speed", 2.5)[1]["value"] == 2.5
    assert put(server, f"{name}/lit", True)[0] == 200
    assert put(server, f"{name}/label", "<b>right</b>")[0] == 200
    assert put(server, f"{name}/corner", [3, 4])[0] == 200
    assert (thing.speed, thing.lit, thing.label, thing.corner) == (2.5, True, "<b>right</b>", [3, 4])
    for attribute, value, why in (
        ("speed", "fast", "a number"),
        ("steps", 1.5, "a whole number"),
        ("steps", True, "a whole number"),
        ("lit", 1, "true or false"),
        ("label", 7, "text"),
        ("position", 3, "only be read"),
        ("gain", 11, "gain is from 0 to 10"),
        ("pixels", 0, "only be read"),
    ):
        status, answer = put(server, f"{name}/{attribute}", value)
        assert (status, answer["field"]) == (422, attribute), answer
        assert why in answer["error"]
    assert thing.steps == 10


def test_what_there_is_not_is_not_set(serve: Serve, stage: tuple[Stage, str]) -> None:
    server = serve("synthetic:", fps=5, devices=[stage[1]])
    name = stage[1].removeprefix("tcp://")
    for attribute in ("nothing", "move", "close", "__class__", "_x"):
        status, answer = put(server, f"{name}/{attribute}", 1)
        assert (status, answer["field"]) == (404, attribute)
    assert put(server, "elsewhere:1/speed", 1)[0] == 404
    assert get(server, "/api/devices/elsewhere:1")[0] == 404


@pytest.mark.parametrize("body", [[], 5, None, {}, {"value": 1, "more": 2}])
def test_what_is_no_wish_is_refused(serve: Serve, stage: tuple[Stage, str], body: Any) -> None:
    server = serve("synthetic:", fps=5, devices=[stage[1]])
    status = ask(server, "PUT", f"/api/devices/{stage[1].removeprefix('tcp://')}/speed", body)[0]
    assert status in (415, 422)


def post(server: Server, path: str, data: bytes) -> int:
    """The status of a PUT of these very bytes."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    line = http.client.HTTPConnection("localhost", server.port, timeout=30)
    with closing(line):
        line.request("PUT", path, data, headers)
        return line.getresponse().status


def test_only_json_of_some_size_is_read(serve: Serve, stage: tuple[Stage, str]) -> None:
    server = serve("synthetic:", fps=5, devices=[stage[1]])
    path = f"/api/devices/{stage[1].removeprefix('tcp://')}/speed"
    assert ask(server, "PUT", path, {"value": 2}, Content_Type="text/plain")[0] == 415
    assert ask(server, "PUT", path, {"value": "x" * 70_000})[0] == 413
    assert post(server, path, b'{"value":' + b"[" * 30_000) == 422
    assert post(server, path, b"\xff\xfe") == 422


def test_a_device_that_is_away_says_so_and_the_others_go_on(
    serve: Serve, stage: tuple[Stage, str], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve("synthetic:", fps=5, devices=["tcp://localhost:9", stage[1], stage[1]])
    names = [one["name"] for one in json.loads(get(server, "/api/devices")[1])["devices"]]
    assert names == ["localhost:9", stage[1].removeprefix("tcp://"), stage[1].removeprefix("tcp://") + ".2"]
    away = told(server, "localhost:9")
    assert away["error"]
    assert away["attributes"] == []
    assert put(server, "localhost:9/speed", 1)[0] == 503
    assert "waiting" not in caplog.text  # it is asked every two seconds while somebody looks
    assert told(server, names[2])["class"] == "Stage"


def test_devices_are_for_those_who_operate(serve: Serve, stage: tuple[Stage, str]) -> None:
    server = serve("synthetic:", fps=5, devices=[stage[1]], tokens={"view": LOOKS, "operate": OPERATES})
    path = f"{stage[1].removeprefix('tcp://')}/speed"
    assert get(server, "/api/devices", Authorization=f"Bearer {LOOKS}")[0] == 403
    assert put(server, path, 9.0, Authorization=f"Bearer {LOOKS}")[0] == 403
    assert stage[0].speed == 1.5
    assert put(server, path, 9.0, Authorization=f"Bearer {OPERATES}")[0] == 200


def test_what_is_no_address_of_an_object_is_told_at_once() -> None:
    with pytest.raises(AddressError):
        Devices(["camera:0"])


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("bool", None, "switch"),
        ("int", 3, "whole"),
        ("float", 1, "number"),
        ("float | None", None, "number"),
        ("", 3, "whole"),
        ("", 3.0, "number"),
        ("", "x", "text"),
        ("", [1], "json"),
        ("tuple", (1, 2), "json"),
        ("", np.zeros((2, 2)), "nothing"),
        ("", Frame.of(np.zeros((2, 2), np.uint8)), "nothing"),
    ],
)
def test_what_an_attribute_takes_is_read_off_its_type_or_its_value(type: str, value: Any, expected: str) -> None:
    assert takes(Member("x", "attribute", type=type, writable=True), value) == expected
    assert takes(Member("x", "attribute", type=type), value) == "nothing"


def test_no_number_is_no_number() -> None:
    assert fault("number", float("nan"))
    assert fault("number", float("inf"))
    assert fault("number", 10**400)
    assert not fault("number", 3)
    assert fault("nothing", 3)
    assert not fault("json", {"a": 1})


def test_values_become_what_json_can_say() -> None:
    assert plain({"a": (1, float("nan")), 2: np.arange(3)}) == {"a": [1, "nan"], "2": [0, 1, 2]}
    assert plain(np.array([0.5, np.nan])) == [0.5, "nan"]
    assert plain(np.zeros((20, 20))) == {"shape": [20, 20], "dtype": "float64"}
    assert plain(Frame.of(np.zeros((2, 3), np.uint8)))["shape"] == [2, 3]
