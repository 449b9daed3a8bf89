"""What is in a video file that was recorded here, whole or cut off; and how a cut one gets its index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import av
import av.error

from framebus.sinks.growing import GrowingFile
from framebus.sinks.kept import Form, Kept, Telling, foreign
from framebus.sinks.place import saying
from framebus.sinks.video.boxes import Mp4
from framebus.sinks.video.clusters import Matroska
from framebus.sinks.video.timeline import TICK_NS
from framebus.wire.recordings import imprint
from framebus.wire.recordings.imprint import Imprint

_LAYOUTS: dict[str, tuple[type[Mp4] | type[Matroska], bytes, int]] = {
    ".mp4": (Mp4, b"moof", 4),
    ".mkv": (Matroska, b"\x1f\x43\xb6\x75", 0),
}
"""The layout, what its first picture begins with, and so many bytes before that."""
_HEAD_BYTES = 1_000_000


def entries(path: str) -> Iterator[Kept]:
    """Every picture that is there whole; nothing is decoded.

    Raises `BadFrame` where the file is no video, or holds pictures that do not say which they are.
    """
    form, telling = None, Telling()
    for packet, header in _pictures(path):
        form = form or _form(packet.stream.codec_context)
        missed = telling.of(header.missed)
        yield Kept(header.stream, form, int(header.run, 16), header.seq, header.captured_ns, missed)


def unfinished(path: str) -> bool:
    """Whether the file was cut off before it got its index: players show it, but cannot jump."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if path.endswith(".mp4"):
        return b"free\0\0\0\0\0\0\0\0" in head[:256]
    return b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" in head


def mend(path: str) -> None:
    """Give a file that was cut off its index, in a copy that then replaces it.

    Raises `BadFrame` for files that framebus did not record, `Unavailable` where the copy cannot be written.
    """
    layout = _layout(path)
    copy = GrowingFile(f"{path}.mended")
    try:
        count, end = 0, 0
        for packet, _ in _pictures(path):
            begin = b"" if count else layout.header
            picture = layout.picture(bytes(packet), at=end + len(begin), key=packet.is_keyframe, **_ticks(packet))
            with saying(path, len(picture)):
                copy.append(begin + picture)
            count, end = count + 1, end + len(begin) + len(picture)
        with saying(path):
            copy.finish(layout.finish(end))
            os.replace(copy.path, path)
    finally:
        copy.close()


def _pictures(path: str) -> Iterator[tuple[Any, Imprint]]:
    count = 0
    try:
        with av.open(path) as container:
            for packet in container.demux(container.streams.video[0]):
                if not packet.size or packet.is_corrupt:
                    continue
                header = imprint.find(bytes(packet))
                if header is None:
                    raise foreign(path, "its pictures do not say which frames they are")
                count += 1
                yield packet, header
    except (av.error.FFmpegError, IndexError) as error:
        if not count:
            raise foreign(path, "it cannot be read as a video") from error
    if not count:
        raise foreign(path, "it holds no pictures")


def _form(codec: Any) -> Form:
    return Form("h265" if codec.name == "hevc" else str(codec.name), (codec.height, codec.width))


def _layout(path: str) -> Mp4 | Matroska:
    kind, mark, before = _LAYOUTS[os.path.splitext(path)[1].lower()]
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    end = head.find(mark)
    if end < 0:
        raise foreign(path, "it holds no pictures in parts of their own")
    return kind(head[: end - before])


def _ticks(packet: Any) -> dict[str, int]:
    tick = packet.time_base * 1_000_000_000 / TICK_NS
    return {"dts": round(packet.dts * tick), "pts": round(packet.pts * tick)}
