"""`framebus run imagehub.yaml` and `imagenode.yaml` as people run them, with the real imagezmq at the other end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.compat.imagenode.settings import NodeSettings
from framebus.compat.yaml_settings import listing
from framebus.testing.children import Child
from tests.conftest import StartChild

SENDER = """
import sys, numpy as np, imagezmq, simplejpeg
sender = imagezmq.ImageSender(connect_to=sys.argv[1])
picture = np.full((48, 64, 3), 200, np.uint8)
jpeg = simplejpeg.encode_jpeg(picture)
for text in sys.argv[2:]:
    print(sender.send_image(text, picture) if text.endswith("image") else sender.send_jpg(text, jpeg))
sender.close()
"""
DROP_IN = "import sys, numpy as np, simplejpeg; from framebus import imagezmq"
LEAVER = """
import sys, json, zmq, numpy as np, simplejpeg
socket = zmq.Context.instance().socket(zmq.DEALER)
socket.connect(sys.argv[1])
jpeg = simplejpeg.encode_jpeg(np.zeros((48, 64, 3), np.uint8))
for number in range(20):
    socket.send_multipart([b"", json.dumps({"msg": f"Leaver{number}|jpg"}).encode(), jpeg])
socket.close()
zmq.Context.instance().term()
"""
HUB = """
import sys, imagezmq
hub = imagezmq.ImageHub(open_port=sys.argv[1])
print("ready", flush=True)
while True:
    text, jpeg = hub.recv_jpg()
    hub.send_reply(b"OK")
    print(text, len(jpeg), jpeg.bytes[:2].hex(), flush=True)
"""


class Hub:
    """An imagehub in a process of its own."""

    def __init__(self, child: StartChild, folder: Path, port: int) -> None:
        self._child = child
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{port}"

    def start(self, more: str = "") -> Child:
        text = f"hub:\n  address: tcp://:{self.address.rpartition(':')[2]}\n{more}"
        (self.folder / "imagehub.yaml").write_text(text)
        process = self._child("-m", "framebus", "run", "imagehub.yaml", cwd=self.folder)
        process.wait_line("^imagehub at ")
        return process

    def send(self, *texts: str) -> list[str]:
        """With the real package; the answers."""
        return self._child("-c", SENDER, self.address, *texts).succeed().splitlines()

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / "imagehub_data").rglob("*.jpg"))

    def log(self) -> str:
        return (self.folder / "imagehub_data/logs/imagehub.log").read_text()


@pytest.fixture
def hub(child: StartChild, tmp_path: Path, free_port: int) -> Hub:
    pytest.importorskip("imagezmq")
    return Hub(child, tmp_path, free_port)


def run(child: StartChild, folder: Path, text: str, *flags: str, name: str = "settings.yaml") -> Child:
    (folder / name).write_text(text)
    return child("-m", "framebus", "run", name, *flags, cwd=folder)


# imagehub ----------------------------------------------------------------------------------------------


def test_pictures_and_events_of_the_real_package_are_filed(hub: Hub) -> None:
    process = hub.start()
    texts = [
        *("Barn|Restart|rpi|RPi|10.0.0.7|859|149.48", "Barn|Heartbeat", "Barn Door|motion|moving"),
        *("Barn Door|jpg", "Barn Door|jpg|moving", "Barn Door|image", "just a test"),
    ]
    assert hub.send(*texts) == ["b'OK'"] * len(texts)
    pattern = r"imagehub_data/images/(\d{4}-\d\d-\d\d)/Barn-Door-\1T\d\d\.\d\d\.\d\d\.\d{6}\.jpg"
    assert [bool(re.fullmatch(pattern, name)) for name in hub.files()] == [True, True]
    assert [line.partition(" ~ ")[2] for line in hub.log().splitlines()] == [texts[0], texts[2]]
    process.interrupt()
    assert process.wait() == 0
    assert process.stderr.splitlines()[-1].startswith("2 pictures, 2 events and 1 heartbeat in ")
    assert "2 ignored" in process.stderr


def test_an_open_hub_is_said_to_be_open_and_how_to_close_it(hub: Hub) -> None:
    process = hub.start()
    process.terminate()
    assert process.wait() == 0
    assert process.stderr.count("anybody on the network may send") == 1
    assert "allow: [192.168.1.0/24]" in process.stderr


def test_a_hub_for_some_needs_no_warning(hub: Hub) -> None:
    process = hub.start("  allow: 127.0.0.1\n")
    assert hub.send("Barn|jpg") == ["b'OK'"]
    process.terminate()
    assert process.wait() == 0
    assert "anybody" not in process.stderr
    assert len(hub.files()) == 1


def test_the_cap_holds_and_senders_go_on(hub: Hub) -> None:
    process = hub.start("  max_images_write: 2\n")
    assert hub.send(*["Barn|jpg"] * 5) == ["b'OK'"] * 5
    process.terminate()
    assert process.wait() == 0
    assert len(hub.files()) == 2
    assert "3 above the day's cap" in process.stderr


def test_names_lead_nowhere_else(hub: Hub) -> None:
    process = hub.start()
    names = ["../../../up|jpg", "/etc/x|jpg", "..|jpg", "a" * 3000 + "|jpg", "\\\\host\\x|jpg", "x\ny|motion|a\nb"]
    assert hub.send(*names) == ["b'OK'"] * len(names)
    process.terminate()
    assert process.wait() == 0
    assert len(hub.files()) == 5
    assert {path.name for path in hub.folder.iterdir()} == {"imagehub.yaml", "imagehub_data"}
    assert len(hub.log().splitlines()) == 1


def test_senders_that_do_not_wait_for_their_answers_stop_nobody(hub: Hub, child: StartChild) -> None:
    process = hub.start()
    child("-c", LEAVER, hub.address).succeed()
    assert hub.send("Barn|jpg") == ["b'OK'"]
    process.terminate()
    assert process.wait() == 0
    assert [name for name in hub.files() if "Barn" in name]


def test_the_drop_in_sender_is_answered_like_the_real_one(hub: Hub, child: StartChild) -> None:
    process = hub.start()
    ours = SENDER.replace("import sys, numpy as np, imagezmq, simplejpeg", DROP_IN)
    texts = ["Barn Door|jpg", "Barn Door|motion|moving", "Barn Door|image"]
    assert child("-c", ours, hub.address, *texts).succeed().splitlines() == ["b'OK'"] * 3
    process.terminate()
    assert process.wait() == 0
    assert len(hub.files()) == 1
    assert hub.log().endswith(" ~ Barn Door|motion|moving\n")


def test_a_second_hub_on_the_port_says_who_has_it(hub: Hub, tmp_path: Path, child: StartChild) -> None:
    first = hub.start()
    other = run(child, tmp_path, f"hub:\n  data_directory: other\n  address: {hub.address}\n")
    assert other.wait() == 4
    assert "Traceback" not in other.stderr
    first.terminate()
    assert first.wait() == 0


# imagenode ---------------------------------------------------------------------------------------------


def node(hubs: str, camera: str, more: str = "") -> str:
    return (
        f"node:\n  name: Barn\n  patience: 5\n{more}hub_address:\n{hubs}cameras:\n  W1:\n    viewname: Door\n{camera}"
    )


SYNTHETIC = "    src: 'synthetic:'\n    resolution: (160, 120)\n    framerate: 20\n"


def test_a_node_sends_to_the_real_hub(child: StartChild, tmp_path: Path, free_port: int) -> None:
    pytest.importorskip("imagezmq")
    hub = child("-c", HUB, f"tcp://127.0.0.1:{free_port}")
    hub.wait_line("ready")
    process = run(child, tmp_path, node(f"  H1: tcp://127.0.0.1:{free_port}\n", SYNTHETIC, "  heartbeat: 0.005\n"))
    assert hub.wait_line(r"^Barn\|Restart\|")
    assert hub.wait_line(r"^Barn Door\|jpg \d+ ffd8$")
    assert hub.wait_line(r"^Barn\|Heartbeat \d+ ffd8$")
    process.interrupt()
    assert process.wait() == 0
    assert "imagenode Barn: synthetic: → tcp://127.0.0.1:" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_dead_first_hub_is_passed_over(child: StartChild, tmp_path: Path, free_ports: Callable[[], int]) -> None:
    pytest.importorskip("imagezmq")
    dead, alive = free_ports(), free_ports()
    hub = child("-c", HUB, f"tcp://127.0.0.1:{alive}")
    hub.wait_line("ready")
    hubs = f"  H1: tcp://127.0.0.1:{dead}\n  H2: tcp://127.0.0.1:{alive}\n"
    process = run(child, tmp_path, node(hubs, SYNTHETIC).replace("patience: 5", "patience: 1"))
    assert hub.wait_line(r"^Barn\|Restart\|")
    assert hub.wait_line(r"^Barn Door\|jpg")
    process.wait_line(f"hub tcp://127.0.0.1:{dead} does not answer")
    process.wait_line(f"hub tcp://127.0.0.1:{alive} answers")
    process.interrupt()
    assert process.wait() == 0


def test_node_and_hub_together(hub: Hub, child: StartChild) -> None:
    process = hub.start()
    camera = SYNTHETIC + "    detectors:\n      light: {threshold: 0, percent: 1, min_frames: 2, send_count: 2}\n"
    sender = run(child, hub.folder, node(f"  H1: {hub.address}\n", camera))
    process_log = hub.folder / "imagehub_data/logs/imagehub.log"
    sender.wait_line("^imagenode Barn")
    sender.interrupt()
    assert sender.wait() == 0
    process.terminate()
    assert process.wait() == 0
    assert "Barn|Restart|" in process_log.read_text()


# what is wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "code", "says"),
    [
        ("yard.ini", "[streams]\nporch = 'camera:0'\n", 2, "a system of your own is a NAME.toml"),
        ("x.yaml", "cameras:\n", 2, "neither an imagehub.yaml"),
        ("x.yaml", "hub:\nnode:\n", 2, "make two files of it"),
        ("x.yaml", "hub:\n  patiense: 1\n", 2, "x.yaml, line 2: hub.patiense is not known: did you mean patience?"),
        ("x.yaml", "hub: {\n", 2, "x.yaml, line 2"),
        ("x.yaml", "node:\n  name: Barn\n", 2, "hub_address is missing"),
        ("x.yaml", "", 2, "holds no settings"),
        ("x.yaml", "hub:\n  data_directory: x.yaml\n", 4, "x.yaml"),
        ("x.yaml", node("  H1: tcp://127.0.0.1:9\n", "    src: missing.mp4\n"), 4, "missing.mp4"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    child: StartChild, tmp_path: Path, name: str, text: str, code: int, says: str
) -> None:
    process = run(child, tmp_path, text, name=name)
    assert process.wait() == code, process.stderr
    assert says in process.stderr
    assert "Traceback" not in process.stderr


def test_a_file_that_is_not_there(child: StartChild, tmp_path: Path) -> None:
    process = child("-m", "framebus", "run", "no.yaml", cwd=tmp_path)
    assert process.wait() == 4
    assert "no.yaml cannot be read" in process.stderr


NODE_PICTURE = """\
settings.yaml is in order: 1 camera, 2 hubs
                   ╭─ W1 Door ──────────────╮
                   │ size 640x480           │
 synthetic:  ───▶  │ framerate 20           │ ──▶ the hub, as Barn
                   │ sends every picture    │
                   ╰────────────────────────╯

hubs, the first that answers
  H1  tcp://desk:5555
  H2  tcp://attic:5555

pictures as JPEG, at most 50 waiting, the next hub after 5 s
"""


def test_checking_draws_a_node_and_runs_nothing(child: StartChild, tmp_path: Path) -> None:
    camera = "    src: 'synthetic:'\n    resolution: (640, 480)\n    framerate: 20\n"
    text = node("  H1: tcp://desk:5555\n  H2: tcp://attic:5555\n", camera) + "lights:\n  L1:\n    gpio: 18\n"
    process = run(child, tmp_path, text, "--check")
    assert process.wait() == 0
    assert _plain(process.stdout) == _plain(NODE_PICTURE)
    assert "lights is not done" in process.stderr
    assert len(list(tmp_path.iterdir())) == 1


def test_checking_draws_a_hub_and_runs_nothing(child: StartChild, tmp_path: Path) -> None:
    process = run(child, tmp_path, "hub:\n  patience: 5\n  queuemax: 9\n  allow: 10.0.0.0/24\n", "--check")
    drawn = _plain(process.succeed())
    assert drawn.startswith("settings.yaml is in order: 1 hub\n")
    assert "from 10.0.0.0/24" in drawn
    assert "a node is missed after 5" in drawn
    assert "line 3: hub.queuemax has no effect" in process.stderr
    assert len(list(tmp_path.iterdir())) == 1


def test_what_prints_its_settings_prints_them_as_people_write_them() -> None:
    settings = NodeSettings(name="Barn", hubs=("tcp://a:1", "tcp://b:2"), patience=2.0, print_settings=True)
    assert list(listing(settings)) == [
        "name: Barn",
        "hubs: tcp://a:1, tcp://b:2",
        "cameras: none",
        "queuemax: 50",
        "patience: 2",
        "heartbeat: none",
        "send_type: jpg",
        "print_settings: yes",
    ]


def _plain(drawn: str) -> str:
    """Without the room around it."""
    return "\n".join(re.sub(" +", " ", line).strip() for line in drawn.splitlines())
