"""What is in an HDF5 recording, whole or not, without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py

from framebus.sinks.hdf5 import superblock
from framebus.sinks.hdf5.hdf5 import Hdf5File
from framebus.sinks.kept import Form, Kept, foreign
from framebus.wire.recordings.hdf5 import MARK, missed_of, there


def entries(path: str) -> Iterator[Kept]:
    """Every frame, the streams one after the other; raises `BadFrame` for files of others."""
    with _reading(path) as file:
        for group in file.values():
            frames = group["frames"]
            stream, form = (
                str(group.attrs["stream"]),
                Form(str(group.attrs["format"]), tuple(frames.shape[1:]), frames.dtype.str),
            )
            index = there(group["index"][:])
            rows = (index[name].tolist() for name in ("run", "seq", "captured_ns"))
            missed = missed_of(group).told(0, len(index))
            yield from (Kept(stream, form, *row) for row in zip(*rows, missed, strict=True))


def unfinished(path: str) -> bool:
    """Whether it is being written, or its recorder was killed."""
    with open(path, "rb") as file:
        return superblock.is_open(file.read(superblock.SIZE))


def mend(path: str) -> None:
    """Make an ordinary file of one whose recorder was killed."""
    Hdf5File(path, resume=True).close()


@contextmanager
def _reading(path: str) -> Iterator[Any]:
    """The open file, also while it is written or when its recorder was killed; raises `BadFrame` for others'."""
    with _opened(path) as file:
        if MARK not in file.attrs:
            raise foreign(path, f"an HDF5 file with {', '.join(list(file)[:5]) or 'nothing'} in it")
        yield file


def _opened(path: str) -> Any:
    for swmr in (False, True):
        try:
            return h5py.File(path, "r", libver="latest", swmr=swmr, locking=False, rdcc_nbytes=0)
        except OSError as error:
            reason = error
    raise foreign(path, f"it cannot be read as HDF5 ({reason})")
