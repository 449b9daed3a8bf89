"""From the options people give to a camera that makes what they asked for."""

from __future__ import annotations

import re
import socket

from framebus.codecs import contexts
from framebus.core.contracts import Packets
from framebus.core.errors import OptionError
from framebus.core.names import to_name
from framebus.core.options import check
from framebus.sources.cameras.camera_feed import Connect
from framebus.sources.cameras.keeper import Camera
from framebus.sources.cameras.shaping import Shape
from framebus.sources.cameras.treating import treatments


def open_camera(
    name: str,
    where: str,
    connect: Connect,
    *,
    packets: Packets = False,
    coded: bool = True,
    hwaccel: str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """A camera called `name` at `where` that makes pictures, or with `packets` gives coded video as it comes.

    `packets="prefer"` gives pictures where the camera sends no coded video that travels.

    `coded`: H.264 or H.265 may come, so that pictures need PyAV. Raises `OptionError` for options that do not go
    together and `Unavailable` where a package is missing.
    """
    if packets:
        refuse(f"{where} with packets", hwaccel=hwaccel, crop=crop, turn=turn, resize=resize)
    elif coded:
        contexts.require_pyav()
    contexts.check_hwaccel(hwaccel)
    shape = Shape.parse(crop=crop, turn=turn, resize=resize)
    return Camera(
        name, where, connect, treatments(packets=packets, hwaccel=hwaccel, shape=shape), packets=bool(packets)
    )


def refuse(whom: str, **options: object) -> None:
    """Raise `OptionError` for the first of `options` that was given: it does not go with `whom`."""
    from framebus.core.redaction import redact

    for name, value in options.items():
        if value is not None:
            raise OptionError(f"{redact(whom)} does not go with the option {name}: leave it out")


def seconds(deadline: float | str | None) -> float:
    """The option `deadline` as seconds."""
    return float(check("deadline", deadline))


def name_of_host(host: str) -> str:
    """What a camera at `host` is called."""
    return to_name(re.sub(r"[\[\]%:]+", "-", host), "camera")


def name_here(what: str) -> str:
    """What a camera of this machine is called: `desk-camera0`."""
    return to_name(f"{to_name(socket.gethostname().partition('.')[0], 'here')}-{what}")
