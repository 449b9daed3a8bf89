"""What an imagenode.yaml says about cameras: `P1` is a Raspberry Pi's, `W1` a webcam, `src` any address."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from framebus.compat.imagenode import detector_settings
from framebus.compat.imagenode.detector_settings import DetectorSettings, Send
from framebus.compat.yaml_settings import Section, numbers, text, whole
from framebus.core import values
from framebus.core.errors import AddressError

DEFAULT_SIZE = (320, 240)
"""Of pictures of cameras for which the file gives no `resolution`."""

_KNOWN = (
    *("viewname", "resolution", "framerate", "vflip", "resize_width", "send_frames", "src", "detectors"),
    "jpeg_quality",
)
_ITSELF = "is not done: the camera chooses by itself"
_PI = (
    *("awb_mode", "awb_gains", "brightness", "contrast", "exposure_compensation", "exposure_mode", "iso"),
    *("meter_mode", "saturation", "sharpness", "shutter_speed"),
)
_IDLE = {
    **dict.fromkeys(_PI, _ITSELF),
    "threaded_read": "has no effect: every camera is read in a thread of its own",
    "send_type": "has no effect here: it is a setting of the node",
    "send_debug": "is not done: pictures are sent, what is computed from them is not",
    "print_settings": "has no effect here: it is a setting of the node",
}
LABEL = re.compile(r"[PW][1-9]\d{0,2}", re.ASCII)
"""How cameras are called in the file."""


class CameraSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One camera of a node."""

    label: str
    """Its name in the file, `P1`."""
    address: str
    """Where its pictures come from."""
    number: int | None = None
    """Which of a Raspberry Pi's cameras, from 0; None for others and for the first."""
    view: str = ""
    size: tuple[int, int] | None = None
    """Width and height asked of the camera; None where the file does not say."""
    framerate: float | None = None
    flip: bool = False
    """Upside down."""
    width_percent: int = 100
    send: Send = "none"
    """What is sent whatever detectors see."""
    detectors: tuple[DetectorSettings, ...] = ()
    jpeg_quality: int = 95


def read(label: str, section: Section) -> tuple[CameraSettings, list[str]]:
    """The camera under `cameras.LABEL`, and notes about what is not done."""
    notes = section.check_names(_KNOWN, _IDLE)
    detectors, more = _detectors(section)
    settings = CameraSettings(
        label=label,
        address=_address(label, section),
        number=_number(label, section),
        view=section.take("viewname", _view, "", "a name without '|'"),
        size=section.take("resolution", _size, None, "width and height in pixels: (640, 480)"),
        framerate=section.take("framerate", values.positive, None, "frames per second above 0"),
        flip=section.take("vflip", values.switch, False, "True or False"),
        width_percent=section.take("resize_width", whole(1, 100), 100, "percent of the width, 1 to 100"),
        send=detector_settings.send_frames(section, "none" if detectors else "continuous"),
        detectors=tuple(detectors),
        jpeg_quality=section.take("jpeg_quality", whole(1, 100), 95, "a quality from 1 to 100"),
    )
    return settings, notes + more


def _detectors(section: Section) -> tuple[list[DetectorSettings], list[str]]:
    inner = section.section("detectors")
    return detector_settings.read(inner) if inner is not None else ([], [])


def _address(label: str, section: Section) -> str:
    try:
        source: str | None = section.take("src", _source, None, "a number, or an address: rtsp://cam.local/main")
    except AddressError as error:
        section.refuse("src", f"is not possible: {error}")
    if source is not None:
        return source
    if label.startswith("W"):
        return "camera:0"
    return "camera:pi"


def _number(label: str, section: Section) -> int | None:
    """`P2` is the second one; where `src` says which camera it is, the label does not."""
    of_a_pi = label.startswith("P") and "src" not in section
    return int(label[1:]) - 1 if of_a_pi and label != "P1" else None


def _source(value: Any) -> str:
    if isinstance(value, int):
        return f"camera:{whole(0, 999)(value)}"
    return text(value)


def _view(value: Any) -> str:
    name = text(value)
    if "|" in name:
        raise ValueError
    return name


def _size(value: Any) -> tuple[int, int]:
    width, height = numbers(2)(value)
    if not (0 < width <= 100_000 and 0 < height <= 100_000):
        raise ValueError
    return width, height
