"""The process of a worker, before anything heavy is loaded on either side: how it is begun, and told what to do."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from framebus.core.cores import cores
from framebus.pool import worker
from framebus.supervise.child_process import Process, interpreter
from framebus.supervise.copied import Copy

_ENTRY = worker.__file__
THREADS = (
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
    command = [*interpreter("workers"), _ENTRY]
    told = environment(among)
    return _linked(lambda given: Process.of([*command, *map(str, given)], given, told), job, *more)


def copied(job: int, *more: int) -> Begun:
    """The same as a copy of this process, which is `whole` and has loaded what workers need; raises `OSError`."""
    return _linked(lambda given: Process(Copy(lambda: _work(given), given)), job, *more)


def _linked(start: Callable[[Sequence[int]], Process], *given: int) -> Begun:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            return Begun(start((theirs.fileno(), *given)), ours)
        except BaseException:
            ours.close()
            raise


def _work(given: Sequence[int]) -> None:
    """As `worker.py` finds its process when it is started as a program."""
    sys.argv[:] = [_ENTRY, *map(str, given)]
    logger = logging.getLogger("framebus")
    logger.handlers[:], logger.propagate = [], True
    logger.setLevel(logging.NOTSET)
    worker.work(*given)


def memory() -> int:
    """A descriptor of memory for what a worker is told."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("framebus-job", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def import_path() -> list[str]:
    """`sys.path` as another process, in any folder, needs it."""
    return [os.path.abspath(entry) for entry in sys.path]


def environment(among: int) -> Mapping[str, str]:
    """Ours; several workers get a share of the cores each where the user has not said how many threads there be."""
    if among < 2:
        return os.environ
    return {**dict.fromkeys(THREADS, str(max(1, cores() // among))), **os.environ}


def one_thread_each(among: int) -> bool:
    """Whether libraries start no threads of their own in each of so many workers."""
    told = environment(among)
    return all(told.get(name) == "1" for name in THREADS)
