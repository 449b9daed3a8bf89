"""What plug-ins are written against: the shapes of what they offer, and what passes through them.

    from framebus.plugins import EncodedImage, Maker

    class Thermometer:                 # a Maker: its shape counts, not its base class
        name, live = "thermometer", True
        def __iter__(self): ...
        def close(self): ...

`Maker` makes frames, `Sink` takes them, `Encoding` turns arrays into bytes and back. What a maker yields or a sink is
given is an `Item`: a `Frame`, or a `Packet` of coded video. A `Maker` that is also `Reporting` says how it is, in a
`SourceState`. `open_source` and `open_sink` are given an `Address`. How they are announced: `docs/howto/extend.md`;
suites that check them: `framebus.testing`.
"""

from __future__ import annotations

from framebus.core.addresses import Address, Here, Link, Path, Url
from framebus.core.contracts import Done, Encoding, Item, Maker, Packets, Reporting, Sink, SourceState
from framebus.core.frame import Array, Frame, Packet
from framebus.wire.encodings import EncodedImage

__all__ = [
    "Address",
    "Array",
    "Done",
    "EncodedImage",
    "Encoding",
    "Frame",
    "Here",
    "Item",
    "Link",
    "Maker",
    "Packet",
    "Packets",
    "Path",
    "Reporting",
    "Sink",
    "SourceState",
    "Url",
]
