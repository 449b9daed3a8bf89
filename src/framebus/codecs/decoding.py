"""Coded video becomes pictures: H.264 and H.265 by FFmpeg (PyAV), one at a time and none held back; JPEG stays JPEG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framebus.codecs import contexts
from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Coded, Frame, Packet
from framebus.wire.encodings import from_bytes

DAMAGED = {"damaged": True}
"""What `meta` says of a picture that is not what the camera saw, and of a packet that did not arrive whole."""
_MOST_INSIDE = 64
_TAIL = 1024


def breaks(packet: Packet) -> bool:
    """Whether something before the packet, or a part of it, is missing, so that it cannot be decoded by itself."""
    return packet.missed > 0 or bool(packet.meta.get("damaged"))


def begins(packet: Packet) -> bool:
    """Whether decoding can begin with the packet, whatever was lost before it."""
    return packet.key and not packet.meta.get("damaged")


class Decoder:
    """Packets of one stream in, frames out; one thread at a time.

    hwaccel  a way to decode in hardware, as FFmpeg calls it (`cuda`, `vaapi`, `drm`, `qsv` …), or `auto` for the
             first that works; where none does, it is decoded in software and said once

    Frames carry the identity and capture time of the packet they were made from. After a loss (`missed`, or
    `meta["damaged"]` in a packet) nothing is shown before the next key frame. A picture for which FFmpeg noticed broken
    data, and those built on it, carry `meta["damaged"]`; in H.265 it notices little, so what is broken has to be left
    out on the way, as our RTSP client does. Streams in which pictures come in another order than they
    are shown (B frames, which cameras rarely send) come in the order of showing, as much later as that takes.
    """

    def __init__(self, hwaccel: str | None = None) -> None:
        self._hwaccel = hwaccel
        self._codec = ""
        self._config = b""
        self._context: Any = None
        self._number = 0
        self._inside: dict[int, Packet] = {}
        self._starts = True
        """Nothing can be shown before a key frame."""
        self._damaged = False
        self._missed = 0

    def __call__(self, packet: Packet | Frame) -> Frame | None:
        """The newest picture that `packet` completes, or None where it completes none; a picture itself as it is."""
        if isinstance(packet, Frame):
            return packet
        frames = list(self.decode(packet))
        return frames[-1] if frames else None

    def decode(self, packet: Packet) -> Iterator[Frame]:
        """The pictures that `packet` completes: one, as a rule.

        Raises `BadFrame` for a codec that is not decoded here and for a JPEG that is none, `Unavailable` without
        PyAV.
        """
        if packet.codec == "mjpeg":
            yield _jpeg(packet)
            return
        if self._lacks_reference(packet):
            return
        for picture in self._pictures(packet):
            yield self._frame(picture, packet)

    def close(self) -> None:
        """Free the decoder; pictures still inside are given up."""
        self._context = None
        self._inside.clear()

    def _lacks_reference(self, packet: Packet) -> bool:
        """Whether the packet cannot be decoded to what the camera saw, because something before it is missing."""
        self._missed += packet.missed
        if breaks(packet):
            self._starts = True
        if begins(packet):
            if self._starts and self._context is not None:
                self._inside.clear()
                self._context.flush_buffers()
            self._starts = self._damaged = False
        return self._starts

    def _pictures(self, packet: Packet) -> list[Any]:
        import av
        import av.error

        context = self._opened(packet)
        coded = av.Packet(packet.data)
        coded.pts = self._number  # comes back with the picture, in whatever order
        self._inside[self._number] = packet
        self._number += 1
        try:
            return list(context.decode(coded))
        except av.error.FFmpegError:
            self._starts = True
            return []

    def _opened(self, packet: Packet) -> Any:
        changed = packet.config and packet.config != self._config
        if self._context is None or packet.codec != self._codec or (packet.key and changed):
            self._codec, self._config = packet.codec, packet.config
            self._inside.clear()
            self._context = contexts.open_context(packet.codec, packet.config, self._hwaccel)
        return self._context

    def _frame(self, picture: Any, newest: Packet) -> Frame:
        from framebus.codecs.planes import picture as pixels

        packet = self._inside.pop(picture.pts, newest)
        for old in [number for number in self._inside if number < self._number - _MOST_INSIDE]:
            del self._inside[old]
        self._damaged = self._damaged or bool(picture.is_corrupt)
        array, format = pixels(picture)
        missed, self._missed = self._missed, 0
        meta = {**packet.meta, **DAMAGED} if self._damaged else packet.meta
        return _shown(packet, array, format, meta, missed)


def _jpeg(packet: Packet) -> Frame:
    """The packet as a frame that carries the JPEG; raises `BadFrame` where it is none, or not whole."""
    if bytes(packet.data[-_TAIL:]).rfind(b"\xff\xd9") < 0:
        raise BadFrame(f"a JPEG of {packet.nbytes} bytes that is cut short")
    content = from_bytes(packet.data)
    return _shown(packet, content, content.format, packet.meta, packet.missed)


def _shown(packet: Packet, content: Array | Coded, format: str, meta: Mapping[str, Any], missed: int) -> Frame:
    """What `packet` shows, under its identity and capture time."""
    return Frame(
        content=content,
        stream=packet.stream,
        run=packet.run,
        seq=packet.seq,
        captured_ns=packet.captured_ns,
        captured_mono_ns=packet.captured_mono_ns,
        clock=packet.clock,
        format=format,
        meta=meta,
        missed=missed,
    )
