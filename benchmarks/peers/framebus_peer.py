"""framebus, through its public names only: over TCP, also on one machine, and over `shm://`."""

from __future__ import annotations

from importlib import import_module

import framebus as fb
from benchmarks.harness.frames import Array
from benchmarks.peers.base import Peer, Receive, Send, Wire, stamp


class OverTcp(Peer):
    """`send(array)`: one publisher for all readers, which keep every frame, as those of the others do.

    The array is read-only, which says that nobody changes it, as `copy=False` does elsewhere; it is not copied.
    """

    listens = "either"
    _carrier: str | None = "tcp"
    _module = "framebus.links.link"

    def __init__(self) -> None:
        self._verbs = fb.open, fb.publish
        import_module(self._module)  # both are loaded when used; here before the measurement, like the other libraries

    def sender(self, wire: Wire) -> Send:
        out = self._publisher(wire)

        def send(frame: Array) -> None:
            as_it_lies = frame.view()
            as_it_lies.flags.writeable = False
            out.send(as_it_lies)

        return send

    def receiver(self, wire: Wire, index: int) -> Receive:
        source = fb.open(self._address(wire), keep=self._keep(wire), carrier=self._carrier)
        return lambda: source.read().image

    def _publisher(self, wire: Wire) -> fb.Publisher:
        return fb.publish(self._address(wire), wait_for=wire.readers, carrier=self._carrier)

    def _address(self, wire: Wire) -> str:
        return wire.address()

    def _keep(self, wire: Wire) -> str:
        return "all"


class Copied(OverTcp):
    """The same over `shm://`: `send` copies the array into shared memory."""

    _carrier = None
    _module = "framebus.links.local"

    def sender(self, wire: Wire) -> Send:
        return self._publisher(wire).send

    def _address(self, wire: Wire) -> str:
        return f"shm://{wire.name}"


class InPlace(Copied):
    """`with out.fill(shape, dtype) as image`, where a camera or a decoder would write."""

    def sender(self, wire: Wire) -> Send:
        out = self._publisher(wire)

        def send(frame: Array) -> None:
            with out.fill(frame.shape, "uint8") as image:
                stamp(image, frame)

        return send


class _Newest:
    """The newest frame in lock step: a frame waits until its reader has asked for it, so that none grows old there."""

    def _keep(self, wire: Wire) -> str:
        return "all" if wire.lossless else "latest"


class OverTcpLatest(_Newest, OverTcp):
    """Over TCP, the newest frame in lock step."""


class CopiedLatest(_Newest, Copied):
    """Copied in, the newest frame in lock step."""


class InPlaceLatest(_Newest, InPlace):
    """In place, the newest frame in lock step."""
