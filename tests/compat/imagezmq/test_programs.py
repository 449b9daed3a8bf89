"""Programs written for imageZMQ run as they are, with either module at either end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cv2
import pytest

from framebus.testing.children import Child
from tests.compat.imagezmq.ends import BOTH, ENDS, HOME, OLD, OURS
from tests.compat.imagezmq.pictures import JPG_PICTURES, PICTURES, facts
from tests.conftest import StartChild

KINDS = ("image", "jpg")


@pytest.fixture
def program(child: StartChild) -> Callable[..., Child]:
    """Start one of the programs, by its name, with a module and more arguments."""

    def start(name: str, module: str, *arguments: object) -> Child:
        return child("-m", f"tests.compat.imagezmq.programs.{name}", module, *map(str, arguments), cwd=HOME)

    return start


def told(output: str) -> list[Any]:
    """What a hub printed about its pictures."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("[")]


def expected(kind: str) -> list[Any]:
    """The same of what was sent."""
    if kind == "image":
        return [[text, facts(image)] for text, image in PICTURES.values()]
    return [[text, facts(_through_jpeg(image))] for text, image in (PICTURES[key] for key in JPG_PICTURES)]


def _through_jpeg(image: Any) -> Any:
    coded = cv2.imencode(".jpg", image, [int(cv2.IMWRITE_JPEG_QUALITY), 95])[1]
    return cv2.imdecode(coded, -1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sending", "receiving"), ENDS)
class TestExamples:
    def test_every_picture_is_shown_and_answered(
        self, program: Callable[..., Child], free_port: int, sending: str, receiving: str, kind: str
    ) -> None:
        address = f"tcp://127.0.0.1:{free_port}"
        hub = program("show_images", receiving, address, kind)
        sender = program("send_images", sending, address, kind)
        assert told(hub.succeed()) == expected(kind)
        assert set(sender.succeed().splitlines()) == {"b'OK'"}

    def test_every_picture_is_published(
        self, program: Callable[..., Child], free_port: int, sending: str, receiving: str, kind: str
    ) -> None:
        address = f"tcp://127.0.0.1:{free_port}"
        sender = program("publish_images", sending, address, kind)
        hub = program("subscribe_images", receiving, address, kind)
        assert sorted(told(hub.succeed()), key=str) == sorted(expected(kind), key=str)
        sender.kill()


@pytest.mark.parametrize(("sending", "receiving"), ENDS)
def test_a_sender_in_a_with_statement(
    program: Callable[..., Child], free_port: int, sending: str, receiving: str
) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    hub = program("show_images", receiving, address, "image")
    hub.wait_line("ready")
    assert program("with_sender", sending, address, "req").succeed().split() == ["b'OK'"] * 3
    for _ in range(3):
        assert '"shape": [48, 64, 3]' in hub.wait_line(r"^\[").string
    hub.kill()


@pytest.mark.parametrize("module", BOTH)
def test_a_publisher_in_a_with_statement_waits_for_nobody(
    program: Callable[..., Child], free_port: int, module: str
) -> None:
    output = program("with_sender", module, f"tcp://127.0.0.1:{free_port}", "pub").succeed()
    assert output.split() == ["None"] * 3


@pytest.mark.parametrize(("sending", "receiving"), [(OURS, OLD), (OLD, OURS), (OURS, OURS)])
def test_a_sender_that_starts_anew_after_silence(
    program: Callable[..., Child], free_port: int, sending: str, receiving: str
) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    sender = program("timeout_sender", sending, address, 3)
    sender.wait_line("silence")
    hub = program("show_images", receiving, address, "image")
    sender.succeed()
    hub.kill()


@pytest.mark.parametrize(("sending", "receiving"), [(OURS, OLD), (OLD, OURS), (OURS, OURS)])
def test_a_hub_that_keeps_the_newest_in_a_thread(
    program: Callable[..., Child], free_port: int, sending: str, receiving: str
) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    sender = program("publish_images", sending, address, "jpg")
    lines = program("newest_by_thread", receiving, address).succeed().splitlines()
    assert len(lines) == 3
    assert all(line.split()[-1] == line.split()[-2] for line in lines)
    sender.kill()
