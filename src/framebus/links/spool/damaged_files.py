"""Files of a spool that are not what was written: what is readable is used, the rest is kept apart and told of."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from io import FileIO

from framebus.links.spool.records import Damage, Record, walk

SUFFIX = ".damaged"

log = logging.getLogger("framebus")


def sound(path: str, use: Callable[[Record], None]) -> None:
    """Give every record of the file at `path` to `use`, and leave the file with nothing else.

    A torn tail, as a killed process leaves it, is cut off; anything else that cannot be read is moved to a file
    beside it, `….damaged`. Raises `OSError` where the file cannot be read or changed.
    """
    with FileIO(path, "r+") as file:
        try:
            for record in walk(file):
                use(record)
        except Damage as damage:
            if not damage.torn:
                _set_aside(path, file, damage)
            file.truncate(damage.offset)


def keep_apart(path: str, why: str) -> None:
    """Rename a file of which a part could not be read."""
    os.replace(path, path + SUFFIX)
    log.error("spool: %s: %s; it is now %s", path, why, path + SUFFIX)


def _set_aside(path: str, file: FileIO, damage: Damage) -> None:
    size = os.fstat(file.fileno()).st_size
    file.seek(damage.offset)
    with open(path + SUFFIX, "wb", opener=_private) as apart:
        shutil.copyfileobj(file, apart)
    log.error(
        "spool: %s: %s (byte %d): the last %d of its %d bytes cannot be used and are now in %s",
        *(path, damage, damage.offset, size - damage.offset, size, path + SUFFIX),
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
