"""The pictures of a video file, and what those recorded here say of themselves."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import av
import av.error

from framebus.codecs.planes import picture
from framebus.core.errors import BadFrame
from framebus.sources.stretch import Stretch, behind_the_end
from framebus.wire.recordings import imprint
from framebus.wire.recordings.imprint import Imprint

_log = logging.getLogger(__name__)
_FALLBACK_FPS = 25
_SHORT_NS = 500_000_000
_MAKER = "framebus"
_UNKNOWN = 0xFFFFFFFF


class Picture:
    """One picture, copied out of the decoder."""

    __slots__ = ("array", "damaged", "format", "header", "time_ns")

    def __init__(self, frame: Any, time_ns: int, header: Imprint | None) -> None:
        self.array, self.format = picture(frame)
        self.damaged = bool(frame.is_corrupt)
        self.time_ns = time_ns
        self.header = header


class Reel:
    """Pictures of `stretch` in the order of showing, one at a time, and what is wrong with the file at its end.

    Nothing before the last key frame that is needed is decoded.
    """

    def __init__(self, container: Any, path: str, stretch: Stretch) -> None:
        self._path = path
        self._stretch = stretch
        self._stream = container.streams.video[0]
        self._stream.codec_context.thread_type = "AUTO"
        self._rate = float(self._stream.average_rate or self._stream.guessed_rate or _FALLBACK_FPS)
        self._alone = len(container.streams) == 1
        self._duration_ns = (container.duration or 0) * 1000
        self._count = 0
        self._first_ns: int | None = None
        self._time_ns = 0
        self._cut = False
        self._seen = 0
        self._last_ns = 0
        self._all_seen = False
        self._headers: dict[int, deque[Imprint]] = {}
        """By when a picture is shown: of several, in Matroska those within a millisecond, in their order."""
        packets = container.demux(self._stream)
        first = next((packet for packet in packets if packet.size), None)
        self.recorded = _header(first) if first is not None and _is_ours(container) else None
        """What the first picture says of itself, where framebus recorded the file."""
        if self.recorded is None:
            stretch.check_clock(path)
        self._frames = self._decoded(chain(() if first is None else (first,), packets))

    def next(self) -> Picture | None:
        """The next picture, None at the end; raises `BadFrame` where the file is damaged or cut short."""
        while (frame := self._frame()) is not None:
            self._time_ns = self._time_of(frame)
            self._count += 1
            header = self._taken(frame.pts)
            if self._ended(self._count - 1, self._time_ns, header):
                return None
            if not self._before(self._count - 1, self._time_ns, header):
                return Picture(frame, self._time_ns, header)
        return None

    @property
    def last_ns(self) -> int | None:
        """When the last picture was captured, as far as the file was read; None where it does not say."""
        return self._last_ns if self._seen and self.recorded is not None else None

    def refuse_beyond(self) -> None:
        """Raise `OptionError` where the whole file comes before the stretch."""
        first_ns = 0 if self.recorded is None else self.recorded.captured_ns
        if self._all_seen and self._seen and self._stretch.before(self._seen - 1, self._last_ns, first_ns):
            raise behind_the_end(self._path, self._last_ns - first_ns, self._seen)

    def _frame(self) -> Any:
        try:
            frame = next(self._frames, None)
        except av.error.FFmpegError as error:
            if self.recorded is None:
                raise self._bad(f"is damaged or cut short ({error.strerror})") from error
            _log.warning("%s was cut off: it ends after %d pictures", self._path, self._count)
            return None
        if frame is None and self.recorded is None:
            self._check_end()
        return frame

    def _before(self, number: int, time_ns: int, header: Imprint | None) -> bool:
        if header is None or self.recorded is None:
            return self._stretch.before(number, time_ns, 0)
        return self._stretch.before(number, header.captured_ns, self.recorded.captured_ns)

    def _ended(self, number: int, time_ns: int, header: Imprint | None) -> bool:
        if header is None or self.recorded is None:
            return self._stretch.ended(number, time_ns, 0)
        return self._stretch.ended(number, header.captured_ns, self.recorded.captured_ns)

    def _decoded(self, packets: Iterable[Any]) -> Iterator[Any]:
        try:
            for packet in self._needed(packets):
                if packet.size:
                    self._cut = packet.is_corrupt
                    if self._cut and self.recorded is not None:
                        break  # the picture that was being written when the recorder died
                yield from packet.decode()
            else:
                return
            yield from self._still_inside()
        except av.error.FFmpegError:
            yield from self._still_inside()
            raise

    def _needed(self, packets: Iterable[Any]) -> Iterator[Any]:
        """From the last key frame before the stretch on; the headers of all are noted."""
        held: list[Any] = []
        early = not self._stretch.whole
        for number, packet in enumerate(packets):
            header = self._note(packet)
            self._see(packet, header)
            if early and packet.size and self._before(number, self._shown_ns(packet), header):
                self._drop(held, packet)
                held.append(packet)
                continue
            early = False
            yield from held
            held.clear()
            yield packet
        self._all_seen = True

    def _see(self, packet: Any, header: Imprint | None) -> None:
        if packet.size:
            self._seen += 1
            self._last_ns = max(self._last_ns, self._shown_ns(packet) if header is None else header.captured_ns)

    def _drop(self, held: list[Any], packet: Any) -> None:
        """Leave out what nothing is needed of any more, because `packet` is a key frame."""
        if packet.is_keyframe:
            self._count += len(held)
            for old in held:
                self._taken(old.pts)
            held.clear()

    def _note(self, packet: Any) -> Imprint | None:
        if self.recorded is None or not packet.size:
            return None
        header = _header(packet)
        if header is not None and packet.pts is not None:
            self._headers.setdefault(packet.pts, deque()).append(header)
        return header

    def _taken(self, pts: int) -> Imprint | None:
        waiting = self._headers.get(pts)
        if waiting is None:
            return None
        header = waiting.popleft()
        if not waiting:
            del self._headers[pts]
        return header

    def _shown_ns(self, packet: Any) -> int:
        if packet.pts is None or packet.time_base is None:
            return 0
        own_ns = int(packet.pts * packet.time_base * 1_000_000_000)
        if self._first_ns is None:
            self._first_ns = own_ns
        return own_ns - self._first_ns

    def _still_inside(self) -> Iterator[Any]:
        """Good pictures before the damage that the decoder's threads had not handed out yet."""
        with suppress(av.error.FFmpegError):
            yield from self._stream.codec_context.decode(None)

    def _time_of(self, frame: Any) -> int:
        """Nanoseconds since the first picture; files without times run at their rate."""
        if frame.pts is None or frame.time_base is None:
            return int(self._count * 1e9 / self._rate)
        own_ns = int(frame.pts * frame.time_base * 1_000_000_000)
        if self._first_ns is None:
            self._first_ns = own_ns
        return max(self._time_ns, own_ns - self._first_ns)

    def _promises_more(self) -> bool:
        """Whether the file's own index points behind its end, or its first line does."""
        size = os.path.getsize(self._path)
        indexed = any(entry.pos + entry.size > size for entry in getattr(self._stream, "index_entries", ()))
        return indexed or _riff_bytes(self._path) > size

    def _bad(self, what: str) -> BadFrame:
        after = f" after frame {self._count - 1}" if self._count else ""
        return BadFrame(f"{self._path} {what}{after}")

    def _check_end(self) -> None:
        if self._count == 0:
            raise self._bad("has a video track without a picture: was it recorded to its end?")
        if self._cut or self._promises_more():
            raise self._bad("was not copied or recorded whole: it is cut short")
        missing_ns = self._duration_ns - self._time_ns - int(1e9 / self._rate)
        if self._alone and missing_ns > _SHORT_NS:
            _log.warning(
                "%s ends at %.2f s though it says it lasts %.2f s: it may have been cut short",
                self._path,
                self._time_ns * 1e-9,
                self._duration_ns * 1e-9,
            )


def _is_ours(container: Any) -> bool:
    return any(key.lower() == "comment" and text.startswith(_MAKER) for key, text in container.metadata.items())


def _riff_bytes(path: str) -> int:
    """How long an AVI says it is; 0 for other files, and where whoever wrote it could not go back to say."""
    with open(path, "rb") as file:
        head = file.read(12)
    nbytes = int.from_bytes(head[4:8], "little")
    return nbytes if head[:4] == b"RIFF" and head[8:] == b"AVI " and nbytes != _UNKNOWN else 0


def _header(packet: Any) -> Imprint | None:
    return imprint.find(bytes(packet))
