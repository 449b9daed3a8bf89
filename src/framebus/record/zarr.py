"""`run.zarr`: recordings of arrays without loss, of one stream or many, a file for each frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from framebus.core.addresses import Path
from framebus.core.contracts import Sink
from framebus.core.errors import OptionError
from framebus.core.options import check
from framebus.record.clips import around_events
from framebus.record.continued import Continued
from framebus.record.recorder import Recorder
from framebus.record.recording_names import Naming
from framebus.record.rolling import rolling
from framebus.record.tidying import ours
from framebus.sinks.zarr.contents import entries
from framebus.sinks.zarr.zarr import ZarrFolder


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
    """A recorder of Zarr hierarchies at `address`; see `ZarrFolder` for what is in them and `Recorder` for the rest."""
    wishes = rolling(rotate=rotate, max_age=max_age, max_size=max_size, max_files=max_files, reserve=reserve)
    if check("compress", compress) == "lz4":
        raise OptionError(
            f"{address}: lz4 is none of the compressions of Zarr: say compress='gzip' (--compress gzip), or nothing"
        )
    write = partial(ZarrFolder, replace=ours, compress=compress is not None, fsync=bool(check("fsync", fsync)))
    naming, kind = Naming(address.text.rstrip("/")), Continued(write, entries)
    recorder = Recorder(naming, kind, overwrite=overwrite, at_once=compress is None, **wishes)
    return around_events(recorder, around, before=before, after=after)
