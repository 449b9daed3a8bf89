"""What is in a recorded file, as far as a list tells: the stream, when it began, how long it is, how it is played."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO, Literal, NamedTuple

from framebus.core.registry import SOURCES, VIDEOS
from framebus.record.inspecting import EXTENSIONS, inspect
from framebus.web.recording_folder import Folder, Found

Plays = Literal["video", "pictures", ""]

_SHOWN_BY_BROWSERS = frozenset({"h264", "vp8", "vp9", "av1"})
_CONTAINERS = frozenset({"mp4", "m4v", "mov", "webm"})
LONGEST_S = 1.0
"""For files that were not looked into before, each time a list is made."""
_MAKER = "framebus "
"""What the comment of a video that was recorded here begins with; the stream's name follows."""


class Contents(NamedTuple):
    """What is known of one file; JSON-able."""

    plays: Plays
    """`video`: browsers play it as it is. `pictures`: it is read here and sent picture by picture. Else not at all."""
    stream: str = ""
    begins_ns: int | None = None
    """UTC."""
    seconds: float | None = None


class Known:
    """What is in the files of a folder, each looked into once. Thread-safe."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._known: dict[Found, Contents] = {}
        self._lock = threading.Lock()

    def look(self, files: Sequence[Found]) -> list[Contents]:
        """What is in each; once that takes long, the others are looked into next time, and guessed until then."""
        with self._lock:
            until = time.monotonic() + LONGEST_S
            known, self._known = self._known, {}
            for file in files:
                if (found := known.get(file)) is not None or time.monotonic() < until:
                    self._known[file] = found or contents(self._folder, file)
            return [self._known.get(file) or guessed(file) for file in files]


def guessed(file: Found) -> Contents:
    """What its name tells."""
    return Contents("pictures" if file.extension in SOURCES else "")


def contents(folder: Folder, file: Found) -> Contents:
    """Look into it; nothing is decoded, and of a video only its beginning and its index are read."""
    with suppress(Exception):  # parsers of foreign files raise whatever comes up: that hides no other file
        if file.extension in VIDEOS:
            with folder.open(file) as opened:
                return _video(opened, file.extension)
        if f".{file.extension}" in EXTENSIONS:
            return _inspected(folder.path(file))
    return guessed(file)


def _inspected(path: str) -> Contents:
    streams = inspect(path).streams
    begins = min(one.begins_ns for one in streams)
    seconds = (max(one.ends_ns for one in streams) - begins) * 1e-9
    return Contents("pictures", ", ".join(one.stream for one in streams), begins, seconds)


def _video(opened: BinaryIO, extension: str) -> Contents:
    import av
    import av.error

    try:
        with av.open(opened) as container:
            track = container.streams.video[0]
            first: Any = next((packet for packet in container.demux(track) if packet.size), None)
            shown = track.codec_context.name in _SHOWN_BY_BROWSERS and extension in _CONTAINERS
            comment = container.metadata.get("comment", "")
            length = container.duration
    except (av.error.FFmpegError, IndexError):
        return Contents("")
    stream = comment.removeprefix(_MAKER) if comment.startswith(_MAKER) else ""
    begins_ns = _captured_ns(bytes(first)) if first is not None else None
    return Contents("video" if shown else "pictures", stream, begins_ns, None if length is None else length * 1e-6)


def _captured_ns(packet: bytes) -> int | None:
    from framebus.wire.recordings import imprint

    header = imprint.find(packet)
    return None if header is None else header.captured_ns
