"""What an imagenode.yaml says about detectors: which part of the picture, what counts, what is sent."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from framebus.compat.imagenode.detector_region import Outline, Region
from framebus.compat.imagenode.light import Light
from framebus.compat.imagenode.motion import Motion
from framebus.compat.yaml_settings import Section, numbers, whole
from framebus.core import values

Send = Literal["continuous", "event", "none"]
_SEND: dict[Any, Send] = {
    "continuous": "continuous",
    "none": "none",
    False: "none",
    **dict.fromkeys(("event", "detected event", "detected"), "event"),
}
SEND = "'continuous', 'detected event' or 'none'"

_COMMON = ("ROI", "draw_roi", "send_frames", "send_count")
_MOTION = ("delta_threshold", "min_area", "min_motion_frames", "min_still_frames", "blur_kernel_size")
_LIGHT = ("threshold", "percent", "min_frames")
_TIME = "is not done: the hub puts the time of a picture into the name of its file"
_IDLE = {
    "send_test_images": "is not done: pictures are sent, what is computed from them is not",
    "draw_time": _TIME,
    "draw_time_org": _TIME,
    "draw_time_fontScale": _TIME,
    "print_still_frames": "is not done: the log of the hub has every change",
}
_OTHERS = dict.fromkeys(("color", "count"), "is not done: this node has the detectors motion and light")


class DetectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One detector of one camera."""

    kind: Literal["motion", "light"]
    region: Region = Region()
    outline: Outline | None = None
    """How the region is drawn onto pictures."""
    send: Send = "event"
    count: int = 5
    """Pictures sent when something changes."""
    options: dict[str, float] = {}
    """What `Motion` or `Light` take."""

    def build(self) -> Motion | Light:
        """The detector."""
        options: dict[str, Any] = self.options
        return Motion(**options) if self.kind == "motion" else Light(**options)


def read(section: Section) -> tuple[list[DetectorSettings], list[str]]:
    """The detectors under `cameras.NAME.detectors`, and notes about what is not done."""
    notes = section.check_names(("motion", "light"), _OTHERS)
    found = []
    for kind, inner in section.sections():
        if kind in _OTHERS:
            continue
        notes += inner.check_names((*_COMMON, *(_MOTION if kind == "motion" else _LIGHT)), _IDLE)
        found.append(_motion(inner) if kind == "motion" else _light(inner))
    return found, notes


def send_frames(section: Section, default: Send) -> Send:
    """What `send_frames` asks for."""
    found: Send = section.take("send_frames", _SEND.__getitem__, default, SEND)
    return found


def _motion(section: Section) -> DetectorSettings:
    frames = whole(1, 10_000)
    options = {
        "delta_threshold": section.take("delta_threshold", _level, 5, "a level from 0 to 255"),
        "min_area": section.take("min_area", _percent, 3, "percent of the ROI, above 0 to 100"),
        "min_motion_frames": section.take("min_motion_frames", frames, 5, "a number of frames from 1"),
        "min_still_frames": section.take("min_still_frames", frames, 5, "a number of frames from 1"),
        "blur_kernel_size": section.take("blur_kernel_size", whole(1, 999), 15, "a number of pixels from 1"),
    }
    return DetectorSettings(kind="motion", options=options, **_common(section))


def _light(section: Section) -> DetectorSettings:
    options = {
        "threshold": section.take("threshold", _level, 25, "a level from 0 to 255"),
        "percent": section.take("percent", _percent, 50, "percent of the ROI, above 0 to 100"),
        "min_frames": section.take("min_frames", whole(1, 10_000), 5, "a number of frames from 1"),
    }
    return DetectorSettings(kind="light", options=options, **_common(section))


def _common(section: Section) -> dict[str, Any]:
    corners = "two corners in percent, left and top before right and bottom: (10, 15), (75, 99)"
    return {
        "region": section.take("ROI", _region, Region(), corners),
        "outline": section.take("draw_roi", _outline, None, "blue, green, red and a line width: ((255, 0, 0), 5)"),
        "send": send_frames(section, "event"),
        "count": section.take("send_count", whole(0, 1000), 5, "a number of pictures up to 1000"),
    }


def _region(value: Any) -> Region:
    return Region.of(numbers(4)(value))


def _outline(value: Any) -> Outline:
    return Outline.of(numbers(4)(value))


def _level(value: Any) -> float:
    number = values.positive(value) if value != 0 else 0.0
    if number > 255:
        raise ValueError
    return number


def _percent(value: Any) -> float:
    number = values.positive(value)
    if number > 100:
        raise ValueError
    return number
