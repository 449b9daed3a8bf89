"""`yard.mp4`, `yard.mkv`: recordings of one stream each, coded video as the camera coded it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from framebus.core.addresses import Path
from framebus.core.contracts import Item, Sink
from framebus.core.options import check
from framebus.record.clips import around_events
from framebus.record.recorder import Recorder
from framebus.record.recording_names import Naming
from framebus.record.rolling import rolling
from framebus.sinks.kept import Kept
from framebus.sinks.video.filmed import entries
from framebus.sinks.video.video import VideoFile


class Videos:
    """See `framebus.record.recording_kind.Kind`; `options` are those of `VideoFile`."""

    shared = False

    def __init__(self, **options: Any) -> None:
        self._options = options

    def create(self, path: str, first: Item) -> VideoFile:
        """A new file."""
        return VideoFile(path, first, **self._options)

    def resume(self, path: str) -> None:
        """Never: what comes is another file."""

    def entries(self, path: str) -> Iterator[Kept]:
        """What is in it."""
        return entries(path)


def open_sink(
    address: Path,
    *,
    quality: int | str | None = None,
    preset: str | None = None,
    play_fps: float | str | None = None,
    rotate: str | float | tuple[float, float] | None = None,
    max_age: float | str | None = None,
    max_size: int | str | None = None,
    max_files: int | str | None = None,
    reserve: int | str | None = None,
    around: str | Callable[..., Any] | None = None,
    before: float | str | None = None,
    after: float | str | None = None,
    fsync: bool | str | None = None,
    overwrite: bool = False,
) -> Sink:
    """A recorder of video files at `address`; see `VideoFile` for how they are coded and `Recorder` for the rest.

    Coded packets of cameras are kept as they are, without loss and at next to no cost, and asked for unless `quality`
    or `preset` say how pictures are encoded. Frames are encoded as H.264.
    """
    kind = Videos(
        quality=check("quality", quality) or 70,
        preset=check("preset", preset),
        play_fps=check("play_fps", play_fps),
        fsync=check("fsync", fsync),
    )
    wishes = rolling(rotate=rotate, max_age=max_age, max_size=max_size, max_files=max_files, reserve=reserve)
    as_coded = around is None and quality is None and preset is None
    recorder = Recorder(Naming(address.text), kind, overwrite=overwrite, packets=as_coded, **wishes)
    return around_events(recorder, around, before=before, after=after)
