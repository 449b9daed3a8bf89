"""The options of cameras: how they are reached, what is asked of them, and what is made of their pictures."""

from __future__ import annotations

import re
from typing import Any

from framebus.core import units, values
from framebus.core.areas import AREAS, area
from framebus.core.option import Option

TRANSPORTS = ("tcp", "udp", "auto")
INPUT_FORMATS = ("mjpeg", "h264", "yuyv")
TURNS = (0, 90, 180, 270)
DEADLINE = "5s"
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def _size(value: Any) -> str:
    """`WIDTHxHEIGHT`, without blanks."""
    width, height = units.size(value)
    return f"{width}x{height}"


def _area(value: Any) -> str:
    return str(area(value))


def _fps(value: Any) -> float:
    """A number from 0 to a million."""
    number = float(value) if isinstance(value, str | float | int) and not isinstance(value, bool) else -1.0
    if 0 <= number <= 1e6:
        return number
    raise ValueError


def _turn(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value in TURNS:
        return value
    raise ValueError


def _number(value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    raise ValueError


def _word(value: Any) -> str:
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    raise ValueError


CAMERA_OPTIONS = (
    Option(
        name="size",
        group="read",
        parse=_size,
        metavar="WxH",
        allowed=units.SIZES,
        default_text="the device's own; 640x480 for synthetic:",
        help="size of picture asked of a webcam, a Raspberry Pi camera or synthetic:",
    ),
    Option(
        name="fps",
        group="read",
        parse=_fps,
        metavar="N",
        allowed="frames per second from 0",
        default_text="as the device or the files give them; 30 for synthetic: and screen:, 1 for still pictures",
        help="frames per second asked of a device, made by synthetic:, or fetched",
    ),
    Option(
        name="input_format",
        group="read",
        parse=values.choice(*INPUT_FORMATS),
        choices=INPUT_FORMATS,
        allowed=f"one of {', '.join(INPUT_FORMATS)}",
        default_text="mjpeg where it has that, else as it likes",
        help="what a webcam is asked to send; mjpeg is passed on as it is, h264 as packets or pictures",
    ),
    Option(
        name="number",
        group="read",
        parse=_number,
        metavar="N",
        allowed="a whole number from 0",
        default_text="0",
        help="which of several Raspberry Pi cameras",
    ),
    Option(
        name="transport",
        group="read",
        parse=values.choice(*TRANSPORTS),
        choices=TRANSPORTS,
        allowed="'tcp', 'udp' or 'auto'",
        default_text="tcp",
        help="how an RTSP camera sends its video: udp loses packets rather than time, auto is tcp unless it is refused",
    ),
    Option(
        name="backend",
        group="read",
        parse=values.choice("ffmpeg"),
        choices=("ffmpeg",),
        allowed="'ffmpeg'",
        default_text="framebus's own for RTSP and MJPEG, ffmpeg for the rest",
        help="what reads a camera: ffmpeg knows more cameras, and is one picture later",
    ),
    Option(
        name="verify",
        group="read",
        parse=values.switch,
        allowed="true or false",
        default_text="yes",
        help="check the certificate of an https or rtsps camera; many have one that they signed themselves",
    ),
    Option(
        name="deadline",
        group="read",
        parse=values.some_time,
        metavar="TIME",
        allowed=f"{units.DURATIONS}, above 0",
        default=DEADLINE,
        default_text=DEADLINE,
        help="connect to a camera again when it sent no picture for this long",
    ),
    Option(
        name="hwaccel",
        group="read",
        parse=_word,
        metavar="NAME",
        allowed="a way to decode that FFmpeg knows ('cuda', 'vaapi', 'drm', 'qsv'), or 'auto'",
        default_text="software",
        help="decode coded video in hardware; where that does not work, in software",
    ),
    Option(
        name="crop",
        group="read",
        parse=_area,
        metavar="WxH+X+Y",
        allowed=AREAS,
        default_text="the whole picture",
        help="take this part of a camera's picture",
    ),
    Option(
        name="turn",
        group="read",
        parse=_turn,
        metavar="DEGREES",
        allowed="90, 180 or 270 (degrees, clockwise), or 0",
        default_text="0",
        help="turn a camera's picture, after it was cropped",
    ),
    Option(
        name="resize",
        group="read",
        parse=_size,
        metavar="WxH",
        allowed=units.SIZES,
        default_text="as it comes",
        help="resize a camera's picture, after it was cropped and turned",
    ),
)
