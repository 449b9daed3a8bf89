"""An HDF5 recording of framebus: every frame as it was, of one stream or many in the order of time."""

from __future__ import annotations

from functools import partial
from typing import Any

import h5py

from framebus.core.addresses import Path
from framebus.core.errors import BadFrame
from framebus.sources.file_sequence import Recordings, one_or_all
from framebus.sources.folder import sniff
from framebus.sources.hdf5.part import Part
from framebus.sources.played import Played, by_stream
from framebus.wire.recordings.hdf5 import KNOWN, MARK


def open_source(
    address: Path,
    *,
    speed: float | str | None = None,
    start: Any = None,
    stop: Any = None,
    streams: str | None = None,
) -> Hdf5 | Recordings:
    """The recording at `address`, see `Hdf5`; or of a glob all of them, see `Recordings`."""
    return one_or_all(address, partial(Hdf5, streams=streams), speed=speed, start=start, stop=stop)


class Hdf5(Played):
    """The recording at `path`; `options` are those of `Played`, and

    streams  a name, or the beginning of names with `*`; default: all

    Raises `Unavailable` where it cannot be read, `BadFrame` where it is no recording of framebus.
    """

    def __init__(self, path: str, *, streams: str | None = None, **options: Any) -> None:
        file = opened(path)
        try:
            super().__init__(
                by_stream((Part(group, path) for group in file.values()), path, streams), path, file.close, **options
            )
        except BaseException:
            file.close()
            raise


def opened(path: str) -> Any:
    """The file, also while it is written, or when its recorder was killed; raises `Unavailable`, `BadFrame`."""
    sniff.check_readable(path)
    for swmr in (False, True):
        try:
            file = h5py.File(path, "r", libver="latest", swmr=swmr, locking=False, rdcc_nbytes=0)
        except OSError as error:
            reason = error
            continue
        if file.attrs.get(MARK) in KNOWN:
            return file
        names: list[str] = []
        file.visit(names.append)
        file.close()
        raise BadFrame(f"{path} is an HDF5 file with {', '.join(names[:5]) or 'nothing'} in it, no framebus recording")
    raise BadFrame(f"{path} cannot be read as HDF5: it contains {sniff.contents(path)} ({reason})")
