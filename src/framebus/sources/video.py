"""Video files through FFmpeg (PyAV): every frame as fast as it is taken, or paced like the recording."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
import av.error

from framebus.core import clock
from framebus.core.addresses import Path
from framebus.core.errors import AddressError, BadFrame, Unavailable
from framebus.core.frame import NO_META, Frame
from framebus.core.names import to_name
from framebus.core.options import check
from framebus.sources import sniff
from framebus.sources.pace import Pace
from framebus.sources.planes import picture

_log = logging.getLogger(__name__)
_FALLBACK_FPS = 25
_PICTURES = ("_pipe", "image2")
_SHORT_NS = 500_000_000


def open_source(address: Path, *, speed: float | str | None = None) -> Video:
    """The video file at `address`; see `Video`. Raises `AddressError` for a glob."""
    if address.glob and not os.path.exists(address.text):
        raise AddressError(f"{address} may be several videos: name each, as in open('a.mp4', 'b.mp4')")
    return Video(address.text, speed=speed)


class Video:
    """A maker of the frames of one video file.

    speed   None: every frame, as fast as it is taken (finite). A number: paced at this multiple of the recording's
            own speed, as a live stream.

    Frames are numbered from 0 in the order of showing; `captured_ns` is the time of opening plus the frame's own
    time in the file (divided by `speed`). `meta["damaged"]` marks pictures that the decoder could not restore
    wholly. Raises `Unavailable` when the file cannot be read, `BadFrame` when it is no video, or, while iterating
    and after all frames before it, where it is damaged or cut short.
    """

    def __init__(self, path: str, *, speed: float | str | None = None) -> None:
        self.name = to_name(os.path.splitext(os.path.basename(path))[0], "video")
        self.live = speed is not None
        self.run = secrets.randbits(64) or 1
        self._path = path
        self._speed = check("speed", speed) or 1.0
        self._pace = Pace(0)
        self._lock = threading.Lock()
        self._container = _opened(path)
        self._decoder = _Decoder(self._container, path)

    def __iter__(self) -> Iterator[Frame]:
        """Frames 0, 1, 2 … to the end of the file or until the maker is closed."""
        started_ns, started_mono_ns = clock.utc_ns(), clock.mono_ns()
        seq = 0
        while (decoded := self._next()) is not None:
            after_ns = int(decoded.time_ns / self._speed)
            if self.live and not self._pace.wait_until(started_mono_ns + after_ns):
                return
            yield Frame(
                content=decoded.array,
                stream=self.name,
                run=self.run,
                seq=seq,
                captured_ns=started_ns + after_ns,
                captured_mono_ns=started_mono_ns + after_ns,
                clock=clock.boot_id(),
                format=decoded.format,
                meta={"damaged": True} if decoded.damaged else NO_META,
            )
            seq += 1

    def close(self) -> None:
        """End the iteration, also from another thread, and close the file; idempotent."""
        self._pace.stop()
        with self._lock:
            self._container.close()

    def _next(self) -> _Decoded | None:
        # FFmpeg's objects are freed by close(), so never while one of them is at work.
        with self._lock:
            return None if self._pace.stopped else self._decoder.next()


class _Decoded:
    """One picture, copied out of the decoder."""

    __slots__ = ("array", "damaged", "format", "time_ns")

    def __init__(self, frame: Any, time_ns: int) -> None:
        self.array, self.format = picture(frame)
        self.damaged = bool(frame.is_corrupt)
        self.time_ns = time_ns


class _Decoder:
    """Pictures in the order of showing, one at a time, and what is wrong with the file at its end."""

    def __init__(self, container: Any, path: str) -> None:
        self._path = path
        self._stream = container.streams.video[0]
        self._stream.codec_context.thread_type = "AUTO"
        self._rate = float(self._stream.average_rate or self._stream.guessed_rate or _FALLBACK_FPS)
        self._alone = len(container.streams) == 1
        self._duration_ns = (container.duration or 0) * 1000
        self._frames = self._decoded(container)
        self._count = 0
        self._first_ns: int | None = None
        self._time_ns = 0
        self._cut = False

    def next(self) -> _Decoded | None:
        """The next picture, None at the end; raises `BadFrame` where the file is damaged or cut short."""
        try:
            frame = next(self._frames, None)
        except av.error.FFmpegError as error:
            raise self._bad(f"is damaged or cut short ({error.strerror})") from error
        if frame is None:
            self._check_end()
            return None
        self._time_ns = self._time_of(frame)
        self._count += 1
        return _Decoded(frame, self._time_ns)

    def _decoded(self, container: Any) -> Iterator[Any]:
        try:
            for packet in container.demux(self._stream):
                if packet.size:
                    self._cut = packet.is_corrupt
                yield from packet.decode()
        except av.error.FFmpegError:
            yield from self._still_inside()
            raise

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
        """Whether the file's own index points behind its end."""
        size = os.path.getsize(self._path)
        return any(entry.pos + entry.size > size for entry in getattr(self._stream, "index_entries", ()))

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


def _opened(path: str) -> Any:
    sniff.check_readable(path)
    try:
        container = av.open(path)
    except av.error.FFmpegError as error:
        raise BadFrame(f"{path} cannot be read as a video: {_guess(path)}") from error
    if container.format.name.endswith(_PICTURES):
        container.close()
        raise BadFrame(f"{path} is no video: it contains {sniff.contents(path)}")
    if not container.streams.video:
        container.close()
        raise BadFrame(f"{path} holds no video: {sniff.contents(path)} with other tracks only")
    if container.streams.video[0].codec_context is None:
        container.close()
        raise Unavailable(f"{path}: this FFmpeg has no decoder for its video track")
    return container


def _guess(path: str) -> str:
    what = sniff.contents(path)
    if what.startswith("an MP4"):
        return f"it begins as {what} but its index is missing, so it was not copied or recorded to its end"
    return f"it contains {what}"
