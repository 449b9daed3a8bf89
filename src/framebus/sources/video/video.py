"""A video file through FFmpeg (PyAV): every frame as fast as it is taken, or paced like the recording."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import av
import av.error

from framebus.core import clock
from framebus.core.addresses import Path
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.frame import NO_META, Frame
from framebus.core.names import to_name
from framebus.core.options import check
from framebus.sources.file_sequence import Recordings, one_or_all
from framebus.sources.folder import sniff
from framebus.sources.pace import Pace
from framebus.sources.stretch import Stretch, paced, told_if_none
from framebus.sources.video.reel import Picture, Reel
from framebus.wire.recordings.imprint import Imprint

_PICTURES = ("_pipe", "image2")


def open_source(
    address: Path, *, speed: float | str | None = None, start: Any = None, stop: Any = None
) -> Video | Recordings:
    """The video file at `address`, see `Video`; or of a glob all the recordings, see `Recordings`."""
    return one_or_all(address, Video, speed=speed, start=start, stop=stop)


class Video:
    """A maker of the frames of one video file.

    speed   None: every frame, as fast as it is taken (finite). A number: paced at this multiple of the recording's
            own speed, as a live stream.
    start, stop   only what was shown or captured from one moment to another, which is not included; see
                  `framebus.core.moments`

    Frames of a file that framebus recorded are what they were: stream, run, number, capture times, meta. Others are
    numbered from 0 in the order of showing; `captured_ns` is the time of opening plus the frame's own time in the file
    (divided by `speed`). `meta["damaged"]` marks pictures that the decoder could not restore wholly.

    Raises `Unavailable` when the file cannot be read, `BadFrame` when it is no video, or, while iterating and after
    all frames before it, where it is damaged or cut short; a recording that was cut off just ends. `OptionError` where
    a time of day is asked of a file that knows none, and, while iterating, where `start` lies behind the end.
    """

    def __init__(self, path: str, *, speed: float | str | None = None, start: Any = None, stop: Any = None) -> None:
        self.live = speed is not None
        self._path = path
        self._speed = check("speed", speed) or 1.0
        self._pace = Pace(0)
        self._lock = threading.Lock()
        self._container = _opened(path)
        try:
            stretch = Stretch(check("start", start), check("stop", stop))
            self._reel = Reel(self._container, path, stretch)
        except BaseException:
            self._container.close()
            raise
        first = self._reel.recorded
        self.name = first.stream if first is not None else to_name(os.path.splitext(os.path.basename(path))[0], "video")
        self.run = int(first.run, 16) if first is not None else secrets.randbits(64) or 1

    @property
    def recorded(self) -> Imprint | None:
        """What the first picture says of itself, where framebus recorded the file."""
        return self._reel.recorded

    @property
    def begins_ns(self) -> int | None:
        """When the first picture was captured, where framebus recorded the file."""
        return None if self.recorded is None else self.recorded.captured_ns

    @property
    def last_ns(self) -> int | None:
        """When the last picture was captured that was looked at, where framebus recorded the file."""
        return self._reel.last_ns

    def __iter__(self) -> Iterator[Frame]:
        """Frames to the end of the file or until the maker is closed."""
        speed = self._speed if self.recorded is not None else None
        frames = told_if_none(self.frames(), self._refuse_beyond)
        return paced(frames, self._pace, speed) if self.live else frames

    def frames(self) -> Iterator[Frame]:
        """The same, at once."""
        started_ns, started_mono_ns = clock.utc_ns(), clock.mono_ns()
        seq = origin_ns = 0
        while (shown := self._next()) is not None:
            if shown.header is not None:
                header = shown.header.header()
            else:
                origin_ns = origin_ns if seq else shown.time_ns
                after_ns = int((shown.time_ns - origin_ns) / self._speed)
                header = {
                    "stream": self.name,
                    "run": self.run,
                    "seq": seq,
                    "captured_ns": started_ns + after_ns,
                    "captured_mono_ns": started_mono_ns + after_ns,
                    "clock": clock.boot_id(),
                }
            if shown.damaged:
                header["meta"] = {**header.get("meta", NO_META), "damaged": True}
            yield Frame(content=shown.array, format=shown.format, **header)
            seq += 1

    def close(self) -> None:
        """End the iteration, also from another thread, and close the file; idempotent."""
        self._pace.stop()
        with self._lock:
            self._container.close()

    def _refuse_beyond(self) -> None:
        if not self._pace.stopped:
            self._reel.refuse_beyond()

    def _next(self) -> Picture | None:
        # FFmpeg's objects are freed by close(), so never while one of them is at work.
        with self._lock:
            return None if self._pace.stopped else self._reel.next()


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
