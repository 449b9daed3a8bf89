"""`run.zarr`: recordings of arrays without loss, of one stream or many, a file for each frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from framebus.core.addresses import Path
from framebus.core.contracts import Item, Sink
from framebus.core.errors import OptionError
from framebus.core.options import check
from framebus.record.clips import around_events
from framebus.record.naming import Naming
from framebus.record.recorder import Recorder
from framebus.record.rolling import rolling
from framebus.record.tidying import ours
from framebus.sinks.kept import Kept
from framebus.sinks.zarr.contents import entries
from framebus.sinks.zarr.zarr import ZarrFolder


class Zarr:
    """See `framebus.record.contracts.Kind`; `options` are those of `ZarrFolder`."""

    shared = True

    def __init__(self, **options: Any) -> None:
        self._options = options

    def create(self, path: str, first: Item) -> ZarrFolder:
        """A new one."""
        return ZarrFolder(path, replace=ours, **self._options)

    def resume(self, path: str) -> ZarrFolder:
        """The same one, continued."""
        return ZarrFolder(path, resume=True, **self._options)

    def entries(self, path: str) -> Iterator[Kept]:
        """What is in it."""
        return entries(path)


def open_sink(
    address: Path,
    *,
    compress: str | None = None,
    rotate: str | float | tuple[float, float] | None = None,
    max_age: float | str | None = None,
    max_size: int | str | None = None,
    reserve: int | str | None = None,
    around: str | Callable[..., Any] | None = None,
    before: float | str | None = None,
    after: float | str | None = None,
    fsync: bool | str | None = None,
    overwrite: bool = False,
) -> Sink:
    """A recorder of Zarr hierarchies at `address`; see `ZarrFolder` for what is in them and `Recorder` for the rest."""
    wishes = rolling(rotate=rotate, max_age=max_age, max_size=max_size, reserve=reserve)
    if check("compress", compress) == "lz4":
        raise OptionError(f"{address}: lz4 is none of the compressions of Zarr: say compress='gzip', or nothing")
    kind = Zarr(compress=compress is not None, fsync=bool(check("fsync", fsync)))
    recorder = Recorder(Naming(address.text.rstrip("/")), kind, overwrite=overwrite, **wishes)
    return around_events(recorder, around, before=before, after=after)
