"""Writing recordings, and looking at what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Item
from framebus.core.frame import Packet
from framebus.record import video
from framebus.testing.samples import RUN
from framebus.wire.recordings import imprint


def record(place: Path | str, items: Iterable[Item], **options: Any) -> list[int]:
    """Write items into a recorder of video and close it; the numbers that were done, in order."""
    done: list[int] = []
    sink = video.open_sink(Place(str(place)), **options)
    try:
        for item in items:
            sink.write(item, lambda seq=item.seq: done.append(seq))  # type: ignore[misc]
    finally:
        sink.close()
    return done


def headers(path: Path) -> list[imprint.Imprint]:
    """What the pictures in a file say of themselves; of all that are whole."""
    with av.open(str(path)) as container:
        found = [imprint.find(bytes(packet)) for packet in container.demux(video=0) if packet.size]
    assert all(found)
    return [one for one in found if one is not None]


def numbers(folder: Path) -> list[tuple[str, list[int]]]:
    """All video files and the numbers in them."""
    return [
        (str(path.relative_to(folder)), [one.seq for one in headers(path)])
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".mp4", ".mkv")
    ]


def packets(clip: Path | str, stream: str = "cam", run: int = RUN) -> Iterator[Packet]:
    """The pictures of a clip as a camera would send them, in Annex B."""
    with av.open(str(clip)) as container:
        track: Any = container.streams.video[0]
        annex_b = BitStreamFilterContext("h264_mp4toannexb", track)
        coded: list[Any] = [one for raw in container.demux(track) if raw.size for one in annex_b.filter(raw)]
        for seq, one in enumerate(coded):
            at_ns = int(one.dts * one.time_base * 1_000_000_000)
            yield Packet(
                data=memoryview(bytes(one)),
                codec="h264",
                key=one.is_keyframe,
                pts=int(one.pts * one.time_base * 1_000_000_000),
                dts=at_ns,
                stream=stream,
                run=run,
                seq=seq,
                captured_ns=1_750_000_000_000_000_000 + at_ns,
            )


def mjpeg(images: Iterable[bytes], stream: str = "cam") -> Iterator[Packet]:
    """JPEG pictures as a webcam would send them."""
    for seq, data in enumerate(images):
        at_ns = seq * 40_000_000
        yield Packet(
            data=memoryview(data),
            codec="mjpeg",
            key=True,
            pts=at_ns,
            dts=at_ns,
            stream=stream,
            run=RUN,
            seq=seq,
            captured_ns=1_750_000_000_000_000_000 + at_ns,
        )


def coded(path: Path) -> list[bytes]:
    """The coded pictures in a file, as they lie there."""
    with av.open(BytesIO(path.read_bytes())) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]
