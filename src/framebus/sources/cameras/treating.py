"""What is done to the items of one connection before they are given out: decoded and shaped, or kept decodable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

from framebus.codecs.decoding import Decoder, begins, breaks
from framebus.core.contracts import Item, Packets
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame, Packet
from framebus.sources.cameras.keeper import Treatment
from framebus.sources.cameras.shaping import Shape

log = logging.getLogger("framebus")


def treatments(*, packets: Packets, hwaccel: str | None, shape: Shape) -> Callable[[], Treatment]:
    """What begins a treatment for each connection: packets that can be decoded, or pictures in `shape`."""
    return partial(FromKey, strict=packets is True) if packets else lambda: Pictures(hwaccel, shape)


class Pictures:
    """Packets become pictures, which are cut, turned and resized. A broken JPEG is left out."""

    def __init__(self, hwaccel: str | None, shape: Shape) -> None:
        self._decoder = Decoder(hwaccel)
        self._shape = shape

    def __call__(self, item: Item) -> Iterator[Frame]:
        """The pictures that `item` completes, or the picture it is."""
        try:
            frames = list(self._decoder.decode(item)) if isinstance(item, Packet) else [item]
        except BadFrame as error:
            if not (isinstance(item, Packet) and item.codec == "mjpeg"):
                raise
            log.debug("a picture is left out: %s", error)
            return
        for frame in frames:
            yield self._shape.of(frame)


class FromKey:
    """Packets as they come, but after a loss none before the next key frame: those could not be decoded.

    strict  pictures are refused; else they pass
    """

    def __init__(self, *, strict: bool = True) -> None:
        self._strict = strict
        self._waiting = True

    def __call__(self, item: Item) -> Iterator[Item]:
        """`item`, or nothing."""
        if not isinstance(item, Packet) and not self._strict:
            yield item
            return
        if not isinstance(item, Packet):
            raise BadFrame("this camera gives pictures, no coded packets: leave out packets=True (--packets)")
        self._waiting = (self._waiting or breaks(item)) and not begins(item)
        if not self._waiting:
            yield item.replace(missed=0) if item.missed else item
