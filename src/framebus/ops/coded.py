"""The op for coded video."""

from __future__ import annotations

from typing import Any

from framebus.codecs import contexts
from framebus.codecs.decoding import Decoder
from framebus.core.frame import Frame, Packet
from framebus.ops.op import Op


class Decode(Op):
    """The pictures of coded video (H.264, H.265, JPEG) of each stream; what is a picture already stays as it is.

    hwaccel  a way to decode in hardware, as FFmpeg calls it (`cuda`, `vaapi`, `drm`, `qsv` …), or `auto` for the
             first that works; where none does, it is decoded in software and said once
    """

    example = "decode"
    remembers = True

    def __init__(self, hwaccel: str | None = None) -> None:
        contexts.check_hwaccel(hwaccel)
        self._hwaccel = hwaccel
        self._decoders: dict[str, Decoder] = {}

    def __call__(self, packet: Packet | Frame) -> Any:  # the parameter's name is how packets are asked for
        """See `one`."""
        return self.one(packet)

    def one(self, frame: Any) -> Any:
        """The newest picture that a packet completes, or None where it completes none."""
        if not isinstance(frame, Packet):
            return frame
        decoder = self._decoders.get(frame.stream)
        if decoder is None:
            decoder = self._decoders[frame.stream] = Decoder(self._hwaccel)
        return decoder(frame)
