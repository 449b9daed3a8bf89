"""Examples with senders of other systems, and with cameras, run as programs beside those they are written for."""

from __future__ import annotations

import pytest

from tests.conftest import StartChild
from tests.examples.test_examples import EXAMPLES

IMAGEZMQ = """
import sys, numpy as np, imagezmq
with imagezmq.ImageSender(sys.argv[1]) as sender:
    for number in range(10_000):
        sender.send_image("porch", np.full((48, 64, 3), number % 256, np.uint8))
"""
NETGEAR = """
import logging, sys, numpy as np
logging.disable(logging.CRITICAL)
from vidgear.gears import NetGear
host, port = sys.argv[1].removeprefix("tcp://").split(":")
sender = NetGear(address=host, port=port, pattern=1, logging=False, jpeg_compression=False)
for number in range(10_000):
    sender.send(np.full((24, 32, 3), number % 256, np.uint8))
"""
OLD_HUB = """
import sys, imagezmq
hub = imagezmq.ImageHub(sys.argv[2])
for _ in range(5):
    name, image = hub.recv_image()
    print(name, image.shape)
    hub.send_reply(b"OK")
hub.close()
"""
OLD_SENDER = """
import sys, numpy as np, imagezmq
with imagezmq.ImageSender(sys.argv[2]) as sender:
    for number in range(5):
        reply = sender.send_image("old", np.full((480, 640, 3), number, np.uint8))
print(f"5 sent, the last reply was {reply!r}")
"""
DROP_IN = EXAMPLES / "imagezmq_drop_in.py"
WHO_SENDS = "one_port_for_everyone.py"


@pytest.fixture
def link(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


def pipe(child: StartChild, link: str) -> None:
    child("-m", "framebus", "pipe", "synthetic:door", link, "--no-listen", "--size", "640x480")


def test_senders_of_three_systems_share_a_port(child: StartChild, link: str) -> None:
    hub = child(EXAMPLES / WHO_SENDS, link)
    child("-c", IMAGEZMQ, link)
    child("-c", NETGEAR, link)
    pipe(child, link)
    hub.wait_line(r"^door +640x480 +[\d.]+ +\d+$")
    hub.wait_line(r"^porch +64x48 +[\d.]+ +\d+$")
    hub.wait_line(r"^(?!door|porch)\S+ +32x24 +[\d.]+ +\d+$")


def test_the_hub_ends_after_as_many_frames_as_it_was_told(child: StartChild, link: str) -> None:
    pipe(child, link)
    last = child(EXAMPLES / WHO_SENDS, link, "5").succeed().splitlines()[-1]
    assert last.split()[:2] == ["door", "640x480"]


@pytest.mark.parametrize("hub", [["-c", OLD_HUB], [DROP_IN]], ids=["old hub", "our hub"])
@pytest.mark.parametrize("sender", [["-c", OLD_SENDER], [DROP_IN]], ids=["old sender", "our sender"])
def test_only_the_import_differs(child: StartChild, link: str, hub: list[str], sender: list[str]) -> None:
    receiving = child(*hub, "hub", link, "--frames", "5")
    sending = child(*sender, "send", link, "--frames", "5")
    assert sending.succeed() == "5 sent, the last reply was b'OK'\n"
    lines = receiving.succeed().splitlines()
    assert len(lines) == 5
    assert all("(480, 640, 3)" in line for line in lines), lines


def test_a_camera_that_goes_is_seen_to_go_and_to_come_back(child: StartChild) -> None:
    lines = child(EXAMPLES / "camera_wall.py", "--test").succeed().splitlines()
    told = [line for line in lines if line.startswith("camera-2") and "stalled" not in line]  # as busy machines do
    assert told[-1] == told[-3] == "camera-2: live", lines
    assert "camera-2: away, " in told[-2]
    assert "closed the connection" in told[-2]
    assert "camera-1: live" in lines


@pytest.mark.parametrize("words", [[], ["rtsp://127.0.0.1:1/cam", "--test"]])
def test_cameras_are_given_or_tests_are(child: StartChild, words: list[str]) -> None:
    wall = child(EXAMPLES / "camera_wall.py", *words)
    assert wall.wait() == 2
    assert "give addresses of cameras, or --test" in wall.stderr
