"""A whole node, its cameras any address, its hub the test's, or the real imagezmq package's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framebus.compat.imagenode.camera_settings import CameraSettings
from framebus.compat.imagenode.courier import Courier
from framebus.compat.imagenode.hubs import Hubs
from framebus.compat.imagenode.node import Node, Watch, open_node
from framebus.compat.imagenode.node_camera import Camera
from framebus.compat.imagenode.restart import kind, own_ip, restart
from framebus.compat.imagenode.settings import read
from framebus.compat.imagenode.unsent import Outbox
from framebus.compat.yaml_settings import load
from framebus.core.errors import Error, Unavailable
from framebus.verbs.opened import MadeSource
from framebus.wire.encodings import from_bytes
from tests.compat.imagenode.fakes import Network
from tests.verbs.makers import Fed, picture

HUB, OTHER = "tcp://one:5555", "tcp://two:5555"
LIGHT = "    detectors:\n      light: {threshold: 100, percent: 50, min_frames: 2, send_count: 2}\n"


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    """Six pictures: three dark, three light."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, level in enumerate([0, 0, 0, 250, 250, 250]):
        Image.fromarray(np.full((48, 64, 3), level, np.uint8)).save(folder / f"{number}.png")
    return f"{folder}/"


@pytest.fixture
def network() -> Network:
    return Network(HUB)


class Nodes:
    """Makes nodes from files, and ends them."""

    def __init__(self, folder: Path, network: Network) -> None:
        self._folder = folder
        self._network = network
        self._running: list[tuple[Node, threading.Thread]] = []

    def make(self, cameras: str, node: str = "") -> Node:
        file = self._folder / "imagenode.yaml"
        file.write_text(f"node:\n  name: Barn\n{node}hub_address:\n  H1: {HUB}\n  H2: {OTHER}\n{cameras}")
        settings, _ = read(load(str(file)))
        return open_node(settings, self._network.connect)

    def start(self, cameras: str, node: str = "") -> Node:
        made = self.make(cameras, node)
        thread = threading.Thread(target=made.run)
        self._running.append((made, thread))
        thread.start()
        return made

    def finish(self) -> None:
        for node, thread in self._running:
            node.stop()
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def nodes(tmp_path: Path, network: Network) -> Iterator[Nodes]:
    made = Nodes(tmp_path, network)
    yield made
    made.finish()


def test_a_node_says_hello_and_sends_what_it_sees(nodes: Nodes, network: Network, pictures: str) -> None:
    node = nodes.make(f"cameras:\n  W1:\n    viewname: Door\n    src: {pictures}\n{LIGHT}")
    node.run()
    hello, *rest = network.texts()
    assert hello.startswith("Barn|Restart|")
    assert rest == [
        *("Barn Door|light|dark", "Barn Door|jpg", "Barn Door|jpg"),
        *("Barn Door|light|lighted", "Barn Door|jpg", "Barn Door|jpg"),
    ]
    assert (node.pictures, node.sent, node.dropped) == (6, 7, 0)
    sent = [from_bytes(payload) for _, text, payload in network.got if text.endswith("|jpg")]
    assert [int(one.decode().mean()) for one in sent] == [0, 0, 250, 250]


def test_a_file_waits_for_a_full_outbox(nodes: Nodes, network: Network, pictures: str) -> None:
    node = nodes.make(f"cameras:\n  W1:\n    src: {pictures}\n", "  queuemax: 1\n")
    node.run()
    assert network.texts()[1:] == ["Barn|jpg"] * 6
    assert node.dropped == 0


def test_several_cameras_at_once(nodes: Nodes, network: Network, pictures: str) -> None:
    cameras = "".join(f"  W{n}:\n    viewname: view{n}\n    src: {pictures}\n" for n in (1, 2, 3))
    nodes.make(f"cameras:\n{cameras}").run()
    for number in (1, 2, 3):
        assert network.texts().count(f"Barn view{number}|jpg") == 6


def test_a_dead_first_hub_loses_nothing(nodes: Nodes, network: Network, pictures: str) -> None:
    network.answering = {OTHER}
    nodes.make(f"cameras:\n  W1:\n    src: {pictures}\n").run()
    assert network.texts(OTHER)[1:] == ["Barn|jpg"] * 6


def test_raw_pictures_on_request(nodes: Nodes, network: Network, pictures: str) -> None:
    nodes.make(f"cameras:\n  W1:\n    src: {pictures}\n    resize_width: 50\n", "  send_type: image\n").run()
    shapes = [payload.shape for _, text, payload in network.got if text == "Barn|image"]
    assert shapes == [(24, 32, 3)] * 6


def test_a_live_camera_gives_the_size_and_rate_asked_for(nodes: Nodes, network: Network) -> None:
    nodes.start("cameras:\n  W1:\n    src: 'synthetic:'\n    resolution: (160, 120)\n    framerate: 50\n")
    network.wait_for("Barn|jpg")
    payload = next(payload for _, text, payload in network.got if text == "Barn|jpg")
    assert from_bytes(payload).shape == (120, 160, 3)


def test_a_size_that_cannot_be_had_is_said(
    nodes: Nodes, network: Network, pictures: str, caplog: pytest.LogCaptureFixture
) -> None:
    nodes.make(f"cameras:\n  W1:\n    src: {pictures}\n    resolution: (16, 16)\n    framerate: 1000\n").run()
    assert "camera W1: its resolution stays what" in caplog.text
    assert from_bytes(network.got[-1][2]).shape == (48, 64, 3)


def test_without_cameras_there_are_heartbeats(nodes: Nodes, network: Network) -> None:
    nodes.start("", "  heartbeat: 0.001\n")
    network.wait_for("Barn|Heartbeat")


def test_a_live_camera_waits_for_no_hub() -> None:
    fed, outbox = Fed(), Outbox(2)
    camera = Camera("Barn", CameraSettings(label="W1", address="camera:0", send="continuous"), "jpg")
    watch = Watch(camera, MadeSource(fed, keep="all"), outbox)
    watch.start()
    fed.put(*map(picture, range(10)), None)
    watch.join(20)
    left = [outbox.take(0) for _ in range(2)]
    assert [int(message.image[0, 0]) for message in left if message is not None] == [8, 9]
    watch.close()
    assert (watch.pictures, outbox.dropped, watch.error) == (10, 8, None)


def test_a_camera_that_fails_is_said_and_is_the_end_where_it_was_the_only_one(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    fed, outbox = Fed(), Outbox(2)
    camera = Camera("Barn", CameraSettings(label="W1", address="camera:0"), "jpg")
    watch = Watch(camera, MadeSource(fed, keep="all"), outbox)
    fed.put(picture(0), Unavailable("the camera is gone"))
    courier = Courier(outbox, Hubs([HUB], network.connect), node="Barn")
    with pytest.raises(Unavailable, match="gone"):
        Node([watch], outbox, courier).run()
    assert "camera Barn ended: the camera is gone" in caplog.text


def test_a_camera_that_cannot_be_opened_is_an_error_at_once(nodes: Nodes) -> None:
    with pytest.raises(Error, match=r"missing\.mp4"):
        nodes.make("cameras:\n  W1:\n    src: 'synthetic:'\n  W2:\n    src: missing.mp4\n")


def test_what_a_node_begins_with() -> None:
    fields = restart("Barn", "tcp://127.0.0.1:5555").text.split("|")
    assert fields[:2] == ["Barn", "Restart"]
    assert fields[3:5] == [kind(), "127.0.0.1"]
    assert int(fields[5]) > 0
    assert float(fields[6]) > 0


def test_an_address_nobody_knows_is_no_error() -> None:
    assert own_ip("tcp://no-such-machine.invalid:5555") == "unknown"
