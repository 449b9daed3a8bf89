"""`camera:` – webcams and Raspberry Pi cameras of this machine."""

from __future__ import annotations

from functools import partial
from typing import Any

from framebus.codecs import contexts
from framebus.core.addresses import Here
from framebus.core.contracts import Packets
from framebus.core.options import check
from framebus.core.units import size as parse_size
from framebus.sources.cameras import picamera, webcam
from framebus.sources.cameras.from_options import name_here, open_camera, refuse, seconds
from framebus.sources.cameras.keeper import Camera

PI = "pi"


def open_source(
    address: Here,
    *,
    packets: Packets = False,
    size: str | None = None,
    fps: float | str | None = None,
    input_format: str | None = None,
    number: int | str | None = None,
    deadline: float | str | None = None,
    hwaccel: str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """The webcam `camera:0`, or with `camera:pi` the Raspberry Pi camera `number`.

    Raises `OptionError`, and `Unavailable` where PyAV or picamera2 is missing. A webcam that is not plugged in is
    waited for.
    """
    how: dict[str, Any] = {
        "packets": packets,
        "deadline_s": seconds(deadline),
        "size": None if size is None else parse_size(check("size", size)),
        "fps": check("fps", fps) or None,
    }
    shape: dict[str, Any] = {"packets": packets, "crop": crop, "turn": turn, "resize": resize}
    if address.value == PI:
        refuse(str(address), input_format=input_format, hwaccel=hwaccel)
        picamera.require()
        index = check("number", number) or 0
        return open_camera(
            name_here(f"pi{index}"), str(address), partial(picamera.connect, index, **how), coded=False, **shape
        )
    refuse(str(address), number=number)
    contexts.require_pyav()
    index = int(address.value or 0)
    connect = partial(webcam.connect, index, input_format=check("input_format", input_format), **how)
    return open_camera(name_here(f"camera{index}"), str(address), connect, hwaccel=hwaccel, **shape)
