"""framebus, through its public names only."""

from __future__ import annotations

from importlib import import_module

import framebus as fb
from benchmarks.peers.base import Receive, Send, Wire


class Framebus:
    """One publisher for all readers, which keep every frame, as the others do; over TCP also on one machine."""

    listens = "either"
    max_window = 64
    lossy = False

    def __init__(self) -> None:
        self._verbs = fb.open, fb.publish
        import_module("framebus.links.link")  # loaded when used; here before the measurement, like the other libraries

    def sender(self, wire: Wire) -> Send:
        return fb.publish(wire.address(), wait_for=wire.readers, carrier="tcp").send

    def receiver(self, wire: Wire, index: int) -> Receive:
        source = fb.open(wire.address(), keep=self._keep(wire), carrier="tcp")
        return lambda: source.read().image

    def _keep(self, wire: Wire) -> str:
        return "all"


class Latest(Framebus):
    """The newest frame in lock step: a frame waits until its reader has asked for it, so that none grows old there."""

    def _keep(self, wire: Wire) -> str:
        return "all" if wire.lossless else "latest"
