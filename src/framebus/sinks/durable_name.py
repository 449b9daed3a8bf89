"""The durable name of a place on disk, under which publishers keep frames for it across restarts."""

from __future__ import annotations

import hashlib
import os

from framebus.core.machine import host_id
from framebus.core.names import MAX_LENGTH, to_name

_DIGITS = 8


def group_of(path: str, base: str | None = None) -> str:
    """`NAME.12345678`: the base name of `path` (or `base`), and a hash of this host and the absolute path.

    The same on every start; different for the same path on another host and for another path here.
    """
    absolute = os.path.abspath(path)
    digest = hashlib.sha256(os.fsencode(f"{host_id()}\0{absolute}")).hexdigest()[:_DIGITS]
    name = to_name(base or os.path.basename(absolute), "folder")[: MAX_LENGTH - _DIGITS - 1]
    return f"{name}.{digest}"
