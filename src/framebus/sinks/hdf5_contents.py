"""What is in an HDF5 recording, whole or not, without changing it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py

from framebus.core.errors import BadFrame, Unavailable
from framebus.sinks import superblock
from framebus.wire.recording import MARK


@contextmanager
def reading(path: str) -> Iterator[Any]:
    """The open file, also while it is written or when its recorder was killed; raises `BadFrame` for others'."""
    with _opened(path) as file:
        if MARK not in file.attrs:
            raise BadFrame(f"{path} is an HDF5 file, but not a recording of framebus")
        yield file


def entries(path: str) -> Iterator[tuple[str, Any]]:
    """Of each part the stream's name, and what the index says of its frames: an array of `INDEX`."""
    with reading(path) as file:
        for group in file.values():
            yield str(group.attrs["stream"]), group["index"][:]


def is_open(path: str) -> bool:
    """Whether it is being written, or its recorder was killed."""
    with open(path, "rb") as file:
        return superblock.is_open(file.read(superblock.SIZE))


def _opened(path: str) -> Any:
    if not os.path.exists(path):
        raise Unavailable(f"{path}: no such file (looked in {os.getcwd()})")
    for swmr in (False, True):
        try:
            return h5py.File(path, "r", libver="latest", swmr=swmr, locking=False)
        except OSError as error:
            reason = error
    raise BadFrame(f"{path} is no HDF5 file that can be read: {reason}")
