"""A Zarr recording of framebus: every frame as it was, of one stream or many in the order of time."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from framebus.core.addresses import Path
from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.file_sequence import Recordings, one_or_all
from framebus.sources.played import Played, by_stream
from framebus.sources.zarr.part import Part
from framebus.wire.recordings import zarr_stored as stored
from framebus.wire.recordings.zarr_stored import Stored


def open_source(
    address: Path,
    *,
    speed: float | str | None = None,
    start: Any = None,
    stop: Any = None,
    streams: str | None = None,
) -> Zarr | Recordings:
    """The recording at `address`, see `Zarr`; or of a glob all of them, see `Recordings`."""
    return one_or_all(address, partial(Zarr, streams=streams), speed=speed, start=start, stop=stop)


class Zarr(Played):
    """The recording in the folder `path`; `options` are those of `Played`, and

    streams  a name, or the beginning of names with `*`; default: all

    Raises `Unavailable` where it cannot be read, `BadFrame` where it is no recording of framebus.
    """

    def __init__(self, path: str, *, streams: str | None = None, **options: Any) -> None:
        path = path.rstrip("/")
        parts = [Part(one, path) for one in _stored(path)]
        super().__init__(by_stream(parts, path, streams), path, _nothing, **options)


def _stored(path: str) -> list[Stored]:
    try:
        return stored.parts(path)
    except NotADirectoryError as error:
        raise BadFrame(f"{path} is no recording of framebus: it is a file, and those of Zarr are folders") from error
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: no such folder (looked in {os.getcwd()})") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except BadFrame as error:
        raise BadFrame(f"{path} is no recording of framebus: {error}") from error


def _nothing() -> None:
    """No file stays open."""
