"""`run.tif`: recordings of arrays without loss, a page for each frame, that every program for pictures opens."""

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
from framebus.sinks.tiff.contents import entries
from framebus.sinks.tiff.tiff import TiffFile


def open_sink(
    address: Path,
    *,
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
    """A recorder of TIFF files at `address`; see `TiffFile` for what is in them and `Recorder` for the rest."""
    wishes = rolling(rotate=rotate, max_age=max_age, max_size=max_size, max_files=max_files, reserve=reserve)
    write = partial(TiffFile, fsync=bool(check("fsync", fsync)))
    recorder = Recorder(Naming(address.text), Continued(write, entries), overwrite=overwrite, at_once=True, **wishes)
    return around_events(recorder, around, before=before, after=after)
