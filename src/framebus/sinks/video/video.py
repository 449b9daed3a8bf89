"""One video file, MP4 or Matroska: whole to every reader after every picture."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import av.error

from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed
from framebus.core.frame import Frame, Packet
from framebus.sinks.growing import GrowingFile
from framebus.sinks.place import saying
from framebus.sinks.video.boxes import Mp4
from framebus.sinks.video.clusters import Matroska
from framebus.sinks.video.filming import Film
from framebus.sinks.video.timeline import TICK_NS, Timeline
from framebus.wire.annexb import units
from framebus.wire.recordings import imprint

MAKER = "framebus"
"""What the file's `comment` begins with; the stream's name follows."""

_FORMATS: dict[str, tuple[str, type[Mp4] | type[Matroska], dict[str, str]]] = {
    "mp4": ("mp4", Mp4, {"movflags": "empty_moov+default_base_moof"}),
    "mkv": ("matroska", Matroska, {}),
}
_BARE = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}
_TICK = Fraction(TICK_NS, 1_000_000_000)


class VideoFile:
    """Writes pictures of one stream and size into the new file `path`.

    first     the first item: packets are kept as they are coded, frames are encoded as H.264
    quality   of encoded frames, 1 to 100
    preset    how hard the encoder tries, `ultrafast` to `veryslow`
    play_fps  show pictures at this rate instead of as they were captured
    fsync     force every picture to the disk before it counts as written

    Every picture carries its identity, capture times and meta (`wire.recordings.imprint`). It is done when it is in the
    file whole, so that it is there even if this process is killed right after; only `fsync` keeps it through a power
    cut. Not thread-safe. Raises `BadFrame` for what no video can hold, `Unavailable` where the file cannot be made.
    """

    def __init__(
        self,
        path: str,
        first: Item,
        *,
        quality: int = 70,
        preset: str = "veryfast",
        play_fps: float | None = None,
        fsync: bool = False,
    ) -> None:
        self._extension = path.rpartition(".")[2].lower()
        self._film = Film(first, quality=quality, preset=preset) if isinstance(first, Frame) else None
        self._kind = _kind(first)
        self._config = first.config if isinstance(first, Packet) else b""
        self._timeline = Timeline(play_fps)
        self._layout: Mp4 | Matroska | None = None
        self._codec = first.codec if isinstance(first, Packet) else "h264"
        if isinstance(first, Packet):
            self._layout = self._begun(first.stream, _whole(first))
        self._size = 0
        self._broken = False
        self._file: GrowingFile | None = GrowingFile(path, fsync=fsync)

    @property
    def nbytes(self) -> int:
        """How large the file is."""
        return self._size

    def takes(self, item: Item) -> bool:
        """Whether `item` can follow what is in the file; else it begins another."""
        if self._broken or _kind(item) != self._kind:
            return False
        return not (isinstance(item, Packet) and item.key and item.config and item.config != self._config)

    def write(self, item: Item, done: Done) -> None:
        """Add a picture. Raises `Unavailable` where the disk takes no more; what is in the file stays."""
        if self._file is None:
            raise Closed("this video file was closed")
        header = imprint.Imprint.of(item, first=not self._size)
        dts, pts = self._next(item)
        data, key = self._coded(item, pts)
        if self._layout is None:
            self._layout = self._begun(item.stream, data)
        data = self._sample(imprint.put(data, self._codec, header))
        begin = b"" if self._size else self._layout.header
        at = self._size + len(begin)
        picture = begin + self._layout.picture(data, dts=dts, pts=pts, key=key, at=at)
        with saying(self._file.path, len(picture)):
            self._append(picture, self._file, self._layout)
        self._size += len(picture)
        done()

    def close(self) -> None:
        """Finish the file with an index. Idempotent. Raises `Unavailable` on a full disk: it is whole without, too."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if self._layout is not None and self._size:
                with saying(file.path):
                    file.finish(self._layout.finish(self._size))
        finally:
            file.close()

    def _append(self, picture: bytes, file: GrowingFile, layout: Mp4 | Matroska) -> None:
        try:
            file.append(picture)
        except OSError:
            layout.undo()
            self._broken = True  # what comes next builds on this picture: it begins another file
            raise

    def _next(self, item: Item) -> tuple[int, int]:
        times = (item.dts, item.pts) if isinstance(item, Packet) else (item.captured_ns, item.captured_ns)
        return self._timeline.next(*times)

    def _coded(self, item: Item, pts: int) -> tuple[bytes, bool]:
        if isinstance(item, Packet):
            return bytes(item.data), item.key
        assert self._film is not None  # noqa: S101  (items of another kind are not taken)
        return self._film.encode(item, pts)

    def _sample(self, data: bytes) -> bytes:
        """A coded picture as it lies in files: each unit with its length before it."""
        if self._codec == "mjpeg":
            return data
        return b"".join(part for unit in units(data) for part in (len(unit).to_bytes(4, "big"), unit))

    def _begun(self, stream: str, first: bytes) -> Mp4 | Matroska:
        """The beginning of the file, by FFmpeg, that describes the track of which `first` is the first picture."""
        name, layout, options = _FORMATS[self._extension]
        made = BytesIO()
        with _bare(first, self._codec, stream) as bare, av.open(made, "w", format=name, options=options) as container:
            track = container.add_stream_from_template(bare.streams.video[0])
            track.time_base = _TICK
            container.metadata["comment"] = f"{MAKER} {stream}"
            container.start_encoding()
            header = made.getvalue()
        return layout(header)


def _kind(item: Item) -> tuple[Any, ...]:
    """What all pictures of a file have in common."""
    return (item.stream, item.codec) if isinstance(item, Packet) else (item.stream, *Film.size_of(item))


def _whole(packet: Packet) -> bytes:
    data = bytes(packet.data)
    return data if packet.config in data else packet.config + data


def _bare(data: bytes, codec: str, stream: str) -> Any:
    """Bare video that FFmpeg read from the first picture: its track knows its size and parameter sets."""
    if codec not in _BARE:
        raise BadFrame(f"stream {stream!r}: coded video {codec!r} cannot be recorded: known are {', '.join(_BARE)}")
    with suppress(av.error.FFmpegError):
        container = av.open(BytesIO(data), format=_BARE[codec])
        if container.streams.video and container.streams.video[0].codec_context.width:
            return container
        container.close()
    raise BadFrame(f"stream {stream!r}: a file cannot begin with this packet: it tells no size")
