"""What a publisher's owner said about a spool, checked: options that make no sense together are refused."""

from __future__ import annotations

import os
from typing import NamedTuple

from framebus.core.errors import OptionError
from framebus.core.units import nbytes
from framebus.links.spool.retention import SpoolRetention
from framebus.links.spool.segments import has_frames
from framebus.links.spool.spool_folder import Holder, last_holder
from framebus.links.spool.store import Store

SIZE = "10GB"
"""How large a spool may become where nothing is said."""


class Wanted(NamedTuple):
    """A spool in `folder` of at most `max_bytes`; `fsync` forces what is written to the disk."""

    folder: str
    max_bytes: int
    fsync: bool

    def open(self, retain_bytes: int, holder: Holder) -> SpoolRetention:
        """Take the folder. Raises `Unavailable` where that is not possible, naming who has it."""
        store = Store(self.folder, self.max_bytes, fsync=self.fsync, holder=holder)
        return SpoolRetention(store, retain_bytes, self.max_bytes)


def was_live(folder: str) -> bool | None:
    """Whether the publisher that left frames in `folder` was live; None where none are left."""
    try:
        left = has_frames(os.listdir(folder))
    except OSError:
        return None
    holder = last_holder(folder) if left else None
    return None if holder is None else holder.live


def wanted(
    when_full: str | None = None,
    spool: str | None = None,
    spool_size: int | str | None = None,
    *,
    fsync: bool = False,
) -> Wanted | None:
    """The spool that these options of a publisher ask for, if any. Raises `OptionError`."""
    if when_full == "spool":
        if not spool:
            raise OptionError(
                "when_full='spool' needs a folder: say spool='/var/spool/yard' (--spool /var/spool/yard), on a disk "
                "with room"
            )
        return Wanted(os.fspath(spool), nbytes(SIZE if spool_size is None else spool_size), fsync)
    given = {"spool": spool, "spool_size": spool_size, "fsync": fsync or None}
    for name, value in given.items():
        if value is not None:
            raise OptionError(
                f"{name}={value!r} is about frames kept on disk: say when_full='spool' (--when-full spool) too, "
                "or leave it out"
            )
    return None
