"""The process of a worker, before anything heavy is loaded on either side: how it is begun, and told what to do."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from framebus.core.cores import cores
from framebus.supervise.child_process import Process, interpreter

_ENTRY = str(Path(__file__).with_name("worker.py"))
_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"),
)


class Begun(NamedTuple):
    """A process that has just begun, and our end of the private link to it."""

    process: Process
    link: socket.socket


def begin(among: int, job: int, *more: int) -> Begun:
    """Begin a worker that inherits the descriptor `job`, and `more`.

    `among`: so many share this machine. Raises `OSError` or `Unavailable` where that cannot be.
    """
    python = interpreter("workers")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        inherited: Sequence[int] = (theirs.fileno(), job, *more)
        try:
            return Begun(Process([*python, _ENTRY, *map(str, inherited)], inherited, _environment(among)), ours)
        except BaseException:
            ours.close()
            raise


def memory() -> int:
    """A descriptor of memory for what a worker is told."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("framebus-job", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def import_path() -> list[str]:
    """`sys.path` as another process, in any folder, needs it."""
    return [os.path.abspath(entry) for entry in sys.path]


def _environment(among: int) -> Mapping[str, str]:
    """Ours; several workers get a share of the cores each where the user has not said how many threads there be."""
    if among < 2:
        return os.environ
    return {**dict.fromkeys(_THREADS, str(max(1, cores() // among))), **os.environ}
