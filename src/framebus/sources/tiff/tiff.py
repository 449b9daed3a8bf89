"""TIFF files: recordings of framebus are played, those of others are pictures, one for each page."""

from __future__ import annotations

import glob
import os
from functools import partial
from typing import Any

from framebus.core.addresses import Path
from framebus.core.errors import OptionError
from framebus.sources.file_sequence import Recordings, one_or_all
from framebus.sources.folder import sniff
from framebus.sources.folder.images import Images
from framebus.sources.played import Played, by_stream
from framebus.sources.tiff.pages import Chain
from framebus.wire.recordings import tiff as pages


def open_source(
    address: Path,
    *,
    fps: float | str | None = None,
    speed: float | str | None = None,
    start: Any = None,
    stop: Any = None,
    streams: str | None = None,
) -> Tiff | Recordings | Images:
    """What is at `address`, which may be a glob: recordings, see `Tiff` and `Recordings`, or pictures, see `Images`.

    Raises `OptionError` for an option that goes with the other.
    """
    first = next(glob.iglob(address.text, recursive=True), address.text) if address.glob else address.text
    if not _recorded(first):
        _refuse(f"{first} is no recording of framebus", speed=speed, start=start, stop=stop, streams=streams)
        return Images(address.text, fps=fps or 0)
    _refuse(f"{first} is a recording, which has a pace of its own (speed)", fps=fps)
    return one_or_all(address, partial(Tiff, streams=streams), speed=speed, start=start, stop=stop)


class Tiff(Played):
    """The recording at `path`; `options` are those of `Played`, and

    streams  a name, or the beginning of names with `*`; default: all

    Raises `Unavailable` where it cannot be read, `BadFrame` where it is no recording of framebus.
    """

    def __init__(self, path: str, *, streams: str | None = None, **options: Any) -> None:
        sniff.check_readable(path)
        file = open(path, "rb", buffering=0)  # noqa: SIM115  (closed with the maker)
        try:
            chain = Chain(file.fileno(), path)
            super().__init__(by_stream(chain.parts.values(), path, streams), path, file.close, **options)
        except BaseException:
            file.close()
            raise


def _recorded(path: str) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return pages.recorded(lambda at, size: os.pread(file.fileno(), size, at))
    except OSError:
        return False  # who reads pictures says what is wrong


def _refuse(what: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise OptionError(f"{what}: leave out {name}")
