"""framebus over `shm://`, through its public names only: frames copied in, and frames made in place."""

from __future__ import annotations

from importlib import import_module

import framebus as fb
from benchmarks.harness.frames import Array
from benchmarks.peers.base import Receive, Send, Wire, stamp


class Copied:
    """`send(array)`; readers keep every frame, as those of the others do."""

    listens = "either"
    max_window = 64
    lossy = False

    def __init__(self) -> None:
        self._verbs = fb.open, fb.publish
        import_module("framebus.links.local")  # loaded when used; here before the measurement, like the other libraries

    def sender(self, wire: Wire) -> Send:
        return fb.publish(f"shm://{wire.name}", wait_for=wire.readers).send

    def receiver(self, wire: Wire, index: int) -> Receive:
        source = fb.open(f"shm://{wire.name}", keep=self._keep(wire))
        return lambda: source.read().image

    def _keep(self, wire: Wire) -> str:
        return "all"


class CopiedLatest(Copied):
    """The newest frame in lock step: a frame waits until its reader has asked for it, so that none grows old there."""

    def _keep(self, wire: Wire) -> str:
        return _newest_in_lock_step(wire)


class InPlace(Copied):
    """`with out.fill(shape, dtype) as image`, where a camera or a decoder would write."""

    def sender(self, wire: Wire) -> Send:
        out = fb.publish(f"shm://{wire.name}", wait_for=wire.readers)

        def send(frame: Array) -> None:
            with out.fill(frame.shape, "uint8") as image:
                stamp(image, frame)

        return send


class InPlaceLatest(InPlace):
    """In place, and the newest frame in lock step."""

    def _keep(self, wire: Wire) -> str:
        return _newest_in_lock_step(wire)


def _newest_in_lock_step(wire: Wire) -> str:
    return "all" if wire.lossless else "latest"
