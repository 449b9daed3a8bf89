"""An imagenode.yaml as people have it, and what is wrong with one, by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.compat.imagenode.camera_settings import CameraSettings
from framebus.compat.imagenode.detector_region import Outline, Region
from framebus.compat.imagenode.light import Light
from framebus.compat.imagenode.motion import Motion
from framebus.compat.imagenode.settings import NodeSettings, read
from framebus.compat.yaml_settings import load
from framebus.core.errors import OptionError

FULL = """\
# a node with two cameras
---
node:
  name: JeffOffice
  queuemax: 40
  patience: 5
  stall_watcher: False
  heartbeat: 10
  send_type: image
  print_settings: True
hub_address:
  H1: tcp://jeff-macbook:5555
  H2: tcp://192.168.1.155
  H10: tcp://[::1]:6000
cameras:
  P1:
    viewname: PiCameraView
    resolution: (640, 480)
    exposure_mode: night
    awb_mode: off
    resize_width: 95
    framerate: 32
    vflip: True
    detectors:
      light:
        ROI: (65,2),(100,25)
        draw_roi: ((255,0,0),5)
        send_frames: detected event # or continuous or none
        send_count: 7
        threshold: 50
        percent: 40
        min_frames: 6
        send_test_images: False
  W1:
    viewname: USBCamView
    src: 1
    jpeg_quality: 70
    detectors:
      motion:
        ROI: ((10, 15),(75, 99))
        send_frames: continuous
        delta_threshold: 5
        min_motion_frames: 4
        min_still_frames: 3
        min_area: 2
        blur_kernel_size: 21
lights:
  L1:
    name: floodlight
    gpio: 18
    on: continuous
sensors:
  T1:
    name: Temperature
    type: DS18B20
    gpio: 4
"""
SHORT = "node:\n  name: Barn\nhub_address:\n  H1: tcp://desk:5555\n"
CAMERA = SHORT + "cameras:\n  W1:\n"


def settings(folder: Path, text: str) -> tuple[NodeSettings, list[str]]:
    file = folder / "imagenode.yaml"
    file.write_text(text)
    return read(load(str(file)))


def camera(folder: Path, text: str) -> CameraSettings:
    (found,) = settings(folder, CAMERA + text)[0].cameras
    return found


def test_what_imagenode_documents(tmp_path: Path) -> None:
    found, _ = settings(tmp_path, FULL)
    assert (found.name, found.queuemax, found.patience, found.heartbeat) == ("JeffOffice", 40, 5, 10)
    assert (found.send_type, found.print_settings) == ("image", True)
    assert found.hubs == ("tcp://jeff-macbook:5555", "tcp://192.168.1.155:5555", "tcp://[::1]:6000")
    pi, web = found.cameras
    assert (pi.address, pi.view, pi.size, pi.framerate) == ("camera:pi", "PiCameraView", (640, 480), 32)
    assert (pi.flip, pi.width_percent, pi.send) == (True, 95, "none")
    assert (web.address, web.size, web.jpeg_quality) == ("camera:1", None, 70)
    (light,), (motion,) = pi.detectors, web.detectors
    assert (light.region, light.outline) == (Region(65, 2, 100, 25), Outline((255, 0, 0), 5))
    assert (light.send, light.count) == ("event", 7)
    assert light.options == {"threshold": 50, "percent": 40, "min_frames": 6}
    assert (motion.region, motion.outline, motion.send) == (Region(10, 15, 75, 99), None, "continuous")
    assert isinstance(light.build(), Light)
    assert isinstance(motion.build(), Motion)


def test_what_is_not_done_is_named_once_with_its_line(tmp_path: Path) -> None:
    _, notes = settings(tmp_path, FULL)
    assert [
        note.split(" is not done")[0].split(" has no effect")[0].rpartition("imagenode.yaml, ")[2] for note in notes
    ] == [
        "line 47: lights",
        "line 52: sensors",
        "line 7: node.stall_watcher",
        "line 19: cameras.P1.exposure_mode",
        "line 20: cameras.P1.awb_mode",
        "line 33: cameras.P1.detectors.light.send_test_images",
    ]


def test_little_is_enough(tmp_path: Path) -> None:
    found, notes = settings(tmp_path, SHORT)
    assert found == NodeSettings(name="Barn", hubs=("tcp://desk:5555",))
    assert notes == []


def test_a_camera_without_detectors_sends_everything(tmp_path: Path) -> None:
    assert camera(tmp_path, "").send == "continuous"
    assert camera(tmp_path, "    send_frames: none\n").send == "none"


@pytest.mark.parametrize(
    ("written", "address"),
    [("", "camera:0"), ("    src: 2\n", "camera:2"), ("    src: rtsp://cam/main\n", "rtsp://cam/main")],
)
def test_where_a_webcams_pictures_come_from(tmp_path: Path, written: str, address: str) -> None:
    assert camera(tmp_path, written).address == address


@pytest.mark.parametrize(
    ("label", "below", "address", "number"),
    [
        ("P1", "", "camera:pi", None),
        ("P2", "", "camera:pi", 1),
        ("P2", "    src: 0\n", "camera:0", None),
        ("W2", "", "camera:0", None),
    ],
)
def test_which_camera_a_label_means(tmp_path: Path, label: str, below: str, address: str, number: int | None) -> None:
    (found,) = settings(tmp_path, f"{SHORT}cameras:\n  {label}:\n{below}")[0].cameras
    assert (found.address, found.number) == (address, number)


@pytest.mark.parametrize("written", ["detected event", "event", "detected"])
def test_events_are_asked_for_in_three_ways(tmp_path: Path, written: str) -> None:
    found = camera(tmp_path, f"    detectors:\n      motion:\n        send_frames: {written}\n")
    assert found.detectors[0].send == "event"


def test_detectors_that_are_not_here_are_named(tmp_path: Path) -> None:
    found, notes = settings(tmp_path, CAMERA + "    detectors:\n      color:\n        any: thing\n      light:\n")
    assert [one.kind for one in found.cameras[0].detectors] == ["light"]
    assert len(notes) == 1
    assert "line 8: cameras.W1.detectors.color is not done" in notes[0]


@pytest.mark.parametrize("written", ["[640, 480]", "(640,480)", "640, 480", "((640), (480))"])
def test_tuples_are_written_in_many_ways(tmp_path: Path, written: str) -> None:
    assert camera(tmp_path, f"    resolution: {written}\n").size == (640, 480)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("node:\n  name: x\n", 1, "hub_address is missing"),
        ("hub_address:\n  H1: tcp://desk\n", 1, "node is missing"),
        ("node:\n  patience: 1\nhub_address:\n  H1: tcp://desk\n", 2, "node.name is missing"),
        ("node:\n  name: a|b\nhub_address:\n  H1: tcp://desk\n", 2, "without '|'"),
        ("node:\n  name: x\nhub_address:\n  H2: tcp://desk\n", 4, "H1 is missing"),
        ("node:\n  name: x\nhub_address:\n  H1:\n", 4, "hub_address.H1 is missing"),
        ("node:\n  name: x\nhub_address:\n  Hub: tcp://desk\n", 4, "call them H1, H2, H3"),
        ("node:\n  name: x\nhub_address:\n  H1: tcp://*:5555\n", 4, "tcp://desk:5555"),
        ("node:\n  name: x\nhub_address:\n  H1: desk\n", 4, "tcp://desk:5555"),
        (SHORT + "node_name: x\n", 5, "node_name is not known"),
        (SHORT + "cameras:\n  camera1:\n", 6, "call them P1"),
        (SHORT + "cameras:\n  P0:\n", 6, "call them P1"),
        (CAMERA + "    resolutoin: (1, 2)\n", 7, "did you mean resolution?"),
        (CAMERA + "    resolution: 640x480\n", 7, "(640, 480)"),
        (CAMERA + "    resolution: (640, 480, 3)\n", 7, "(640, 480)"),
        (CAMERA + "    resolution: (0, 480)\n", 7, "(640, 480)"),
        (CAMERA + "    framerate: 0\n", 7, "above 0"),
        (CAMERA + "    vflip: upside\n", 7, "True or False"),
        (CAMERA + "    resize_width: 101\n", 7, "1 to 100"),
        (CAMERA + "    src: -1\n", 7, "an address"),
        (CAMERA + "    viewname: a|b\n", 7, "without '|'"),
        (CAMERA + "    detectors:\n      movement:\n", 8, "movement is not known"),
        (CAMERA + "    detectors:\n      motion:\n        min_aera: 3\n", 9, "did you mean min_area?"),
        (CAMERA + "    detectors:\n      motion:\n        threshold: 3\n", 9, "threshold is not known"),
        (CAMERA + "    detectors:\n      motion:\n        ROI: (75,99),(10,15)\n", 9, "left and top before"),
        (CAMERA + "    detectors:\n      motion:\n        ROI: (0,0),(100,101)\n", 9, "in percent"),
        (CAMERA + "    detectors:\n      motion:\n        draw_roi: ((256,0,0),5)\n", 9, "a line width"),
        (CAMERA + "    detectors:\n      motion:\n        send_frames: sometimes\n", 9, "'detected event'"),
        (CAMERA + "    detectors:\n      light:\n        threshold: 256\n", 9, "0 to 255"),
        (CAMERA + "    detectors:\n      light:\n        percent: 101\n", 9, "percent of the ROI"),
        (CAMERA + "    detectors: motion\n", 7, "write settings below it"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(OptionError) as error:
        settings(tmp_path, text)
    assert f"imagenode.yaml, line {line}: " in str(error.value)
    assert says in str(error.value)
