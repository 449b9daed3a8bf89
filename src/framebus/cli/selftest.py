"""Frames through a real link between two ends of this process."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from framebus.cli import figures
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Error
from framebus.core.frame import Frame
from framebus.core.publisher import Publisher

Picture = npt.NDArray[np.uint8]

FRAMES = 50
SHAPE = (480, 640, 3)
TIMEOUT_S = 5.0


def over_tcp() -> str:
    """Send pictures over TCP to ourselves, look at every pixel of them, and say how long they took."""
    return f"{_loopback('tcp://127.0.0.1:0/doctor', 'tcp')} over tcp"


def over_shared_memory() -> str:
    """The same through shared memory."""
    return f"{_loopback(f'shm://doctor-{os.getpid()}')} through shared memory"


def _loopback(address: str, carrier: str | None = None) -> str:
    from framebus.verbs.open import open
    from framebus.verbs.publish import publish

    pictures = [np.full(SHAPE, number, np.uint8) for number in range(FRAMES)]
    out = publish(address, wait_for=["doctor"], patience=TIMEOUT_S, carrier=carrier)
    sending = threading.Thread(target=_send, args=(out, pictures), name="framebus doctor", daemon=True)
    try:
        with open(str(getattr(out, "where", "")), keep="all", group="doctor", timeout=TIMEOUT_S) as source:
            sending.start()
            began_s = time.monotonic()
            arrived = sum(_same(item, picture) for picture, item in zip(pictures, source, strict=False))
            took_s = time.monotonic() - began_s
            if arrived < FRAMES or next(source, None) is not None:
                raise BadFrame(f"{arrived} pictures arrived, or more: {FRAMES} were sent")
            sending.join()
    finally:
        out.abandon()
    speed = figures.size(FRAMES * pictures[0].nbytes / took_s)
    return f"{FRAMES} pictures of {figures.size(pictures[0].nbytes)}: none lost, all pixels equal, {speed}/s"


def _same(item: Item, picture: Picture) -> bool:
    """True; raises `BadFrame` unless it is the picture that was sent."""
    if not isinstance(item, Frame) or not np.array_equal(item.image, picture):
        raise BadFrame(f"picture {item.seq} arrived with other pixels than were sent")
    return True


def _send(out: Publisher, pictures: list[Picture]) -> None:
    with suppress(Error), out:  # what goes wrong here is noticed where they are missing
        for picture in pictures:
            out.send(picture)
