"""`run.h5`: recordings of arrays without loss, of one stream or many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from framebus.core.addresses import Path
from framebus.core.contracts import Sink
from framebus.core.options import check
from framebus.record.clips import around_events
from framebus.record.continued import Continued
from framebus.record.recorder import Recorder
from framebus.record.recording_names import Naming
from framebus.record.rolling import rolling
from framebus.sinks.hdf5.contents import entries
from framebus.sinks.hdf5.hdf5 import Hdf5File


def open_sink(
    address: Path,
    *,
    compress: str | None = None,
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
    """A recorder of HDF5 files at `address`; see `Hdf5File` for what is in them and `Recorder` for the rest."""
    write = partial(Hdf5File, compress=check("compress", compress), fsync=check("fsync", fsync))
    wishes = rolling(rotate=rotate, max_age=max_age, max_size=max_size, max_files=max_files, reserve=reserve)
    kind = Continued(write, entries)
    recorder = Recorder(Naming(address.text), kind, overwrite=overwrite, at_once=compress is None, **wishes)
    return around_events(recorder, around, before=before, after=after)
