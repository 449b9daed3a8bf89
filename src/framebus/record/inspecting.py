"""What is in a recording, and how one whose recorder was killed becomes an ordinary file: `info` and `doctor`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from framebus.core.errors import Unavailable
from framebus.core.registry import EXTRAS
from framebus.record.recorded import Recording, counted
from framebus.sinks import claim
from framebus.sinks.kept import foreign
from framebus.sinks.place import saying
from framebus.sinks.zarr.tree import size

_LEAVES = {
    **dict.fromkeys((".h5", ".hdf5"), "hdf5.contents"),
    **dict.fromkeys((".mp4", ".mkv"), "video.filmed"),
    **dict.fromkeys((".tif", ".tiff"), "tiff.contents"),
    ".zarr": "zarr.contents",
}
"""Extension to the module of `framebus.sinks` that knows such files: `entries`, `unfinished`, `mend`."""
EXTENSIONS = tuple(_LEAVES)
"""What recordings end in."""


def inspect(path: str) -> Recording:
    """What is in the recording at `path`, also while it is written; nothing is decoded.

    Raises `BadFrame` where framebus did not record it, `Unavailable` where it cannot be read or an extra is missing.
    """
    leaf = _leaf(path)
    with saying(path):
        streams = counted(leaf.entries(path))
        busy = claim.held(path)
        return Recording(path, size(path), not (busy or leaf.unfinished(path)), busy, streams)


def repair(path: str) -> Recording:
    """Make an ordinary file of one whose recorder was killed; one that is whole is left alone.

    Raises `Unavailable` while it is being written, and what `inspect` raises.
    """
    leaf = _leaf(path)
    with saying(path), claim.claimed(path):
        pass
    inspect(path)
    if leaf.unfinished(path):
        leaf.mend(path)
    return inspect(path)


def _leaf(path: str) -> Any:
    """The module for files of this kind; raises `Unavailable` where there is none at `path`."""
    if not os.path.exists(path):
        raise Unavailable(f"{path}: no such file (looked in {os.getcwd()})")
    name = _LEAVES.get(os.path.splitext(path.rstrip("/"))[1].lower())
    if name is None:
        raise foreign(path, f"those end in {', '.join(EXTENSIONS)}")
    try:
        return import_module(f"framebus.sinks.{name}")
    except ImportError as error:
        if (error.name or "").startswith("framebus"):
            raise  # a fault of ours, and no missing package
        extra = EXTRAS.get((error.name or "").partition(".")[0], "all")
        raise Unavailable(f"recordings of this kind need a package: pip install 'framebus[{extra}]'") from error
