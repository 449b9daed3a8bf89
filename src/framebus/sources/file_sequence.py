"""Several files of one or more streams, recorded one after the other, as one recording."""

from __future__ import annotations

import glob
import heapq
import os
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from framebus.core.addresses import Path
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.moments import Moment
from framebus.core.options import check
from framebus.sources.pace import Pace
from framebus.sources.stretch import behind_the_end, paced, told_if_none

T = TypeVar("T", bound="Recording")


class Recording(Protocol):
    """One file."""

    name: str
    """Of its stream, the first of several."""

    @property
    def begins_ns(self) -> int | None:
        """When its first frame was captured; None where it does not say."""
        ...

    @property
    def last_ns(self) -> int | None:
        """When its last frame was captured, once its frames were taken; None where there is none."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Its frames, as fast as they are taken."""
        ...

    def close(self) -> None:
        """Close it; idempotent."""
        ...


class Recordings:
    """A maker of the frames of all recordings that match `pattern`: those of each stream in turn, all by their time.

    one     opens one of them, `one(path, start=…, stop=…)`
    speed   None: every frame, as fast as it is taken (finite). A number: at this multiple of the pace of capture, live.
    start, stop   a time, or seconds from the beginning of the first file; see `Video`

    At most one file of each stream is open at a time. Raises `Unavailable` where there is none, `BadFrame` for a file
    that framebus did not record, `OptionError` where frames are asked for by number, and while iterating where `start`
    lies behind the end of all.
    """

    def __init__(
        self,
        pattern: str,
        one: Callable[..., Recording],
        *,
        speed: float | str | None = None,
        start: Any = None,
        stop: Any = None,
    ) -> None:
        self.live = speed is not None
        self._speed = check("speed", speed) or 1.0
        self._pace = Pace(0)
        self._lock = threading.Lock()
        self._one = one
        self._open: list[Recording] = []
        self._pattern = pattern
        self._last_ns = 0
        self._files = _by_stream(pattern, one)
        self._first_ns = min(files[0][0] for files in self._files.values())
        self._start, self._stop = (
            _at(check(name, given), self._first_ns) for name, given in (("start", start), ("stop", stop))
        )
        self.name = min(self._files)

    def __iter__(self) -> Iterator[Frame]:
        """Frames to the end of all files or until the maker is closed."""
        streams = [self._one_stream(files) for files in self._files.values()]
        merged = heapq.merge(*streams, key=lambda frame: frame.captured_ns)
        frames = told_if_none(merged, self._refuse_beyond)
        return paced(frames, self._pace, self._speed) if self.live else frames

    def close(self) -> None:
        """End the iteration, also from another thread; idempotent."""
        self._pace.stop()
        with self._lock:
            for recording in self._open:
                recording.close()
            self._open.clear()

    def _one_stream(self, files: list[tuple[int, str]]) -> Iterator[Frame]:
        for (_, path), (end_ns, _) in pairwise([*files, (2**63, "")]):
            if self._start is not None and end_ns <= (self._start.at_ns or 0):
                continue
            recording = self._opened(path)
            if recording is None:
                return
            yield from recording.frames()
            self._last_ns = max(self._last_ns, recording.last_ns or 0)
            self._finish(recording)

    def _refuse_beyond(self) -> None:
        """Raise `OptionError` where there is no frame because all come before the start."""
        if not self._pace.stopped and self._start is not None and self._last_ns < (self._start.at_ns or 0):
            raise behind_the_end(self._pattern, self._last_ns - self._first_ns)

    def _opened(self, path: str) -> Recording | None:
        with self._lock:
            if self._pace.stopped:
                return None
            recording = self._one(path, start=self._start, stop=self._stop)
            self._open.append(recording)
            return recording

    def _finish(self, recording: Recording) -> None:
        with self._lock:
            self._open.remove(recording)
        recording.close()


def one_or_all(address: Path, one: Callable[..., T], **options: Any) -> T | Recordings:
    """The recording at `address`, opened by `one(path, **options)`; or of a glob all of them."""
    if address.glob and not os.path.exists(address.text):
        return Recordings(address.text, one, **options)
    return one(address.text, **options)


def _by_stream(pattern: str, one: Callable[..., Recording]) -> dict[str, list[tuple[int, str]]]:
    """Of each stream when each file begins, and its path, in that order."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in glob.iglob(pattern, recursive=True):
        recording = one(path)
        recording.close()
        if recording.begins_ns is None:
            raise BadFrame(
                f"{path} was not recorded by framebus: name such files one by one, as in open('a.mp4', 'b.mp4')"
            )
        found.setdefault(recording.name, []).append((recording.begins_ns, path))
    if not found:
        raise Unavailable(f"{pattern} matches no file (looked in {os.getcwd()})")
    return {stream: sorted(files) for stream, files in sorted(found.items())}


def _at(moment: Moment | None, first_ns: int) -> Moment | None:
    if moment is None:
        return None
    at_ns = moment.since(first_ns)
    if at_ns is None:
        raise OptionError("frames have numbers in each file: give a time, or name one file")
    return Moment(at_ns=at_ns)
