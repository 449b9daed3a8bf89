"""One writer per recording: a lock that ends with the process and that other programs do not notice."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from framebus.core.errors import Unavailable

_WHOLE_FILE = struct.pack("hhqqi", 1, os.SEEK_SET, 0, 0, 0)  # F_WRLCK; on Linux only, where OFD locks are


class Claim:
    """Held on the open file or folder `descriptor` (borrowed) until that is closed.

    Raises `Unavailable` where another recorder holds it. On a file it is an open file description lock: libraries that
    open and close the same file cannot lose it, and the locks readers take do not collide with it. Systems without
    such locks have none.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError) as error:
            raise Unavailable(
                f"{path}: another recorder is writing it: stop that one, or choose another name"
            ) from error
        except (OSError, ImportError, AttributeError):
            return  # some systems and network file systems have no locks; one writer is then up to the user


@contextmanager
def claimed(path: str) -> Iterator[None]:
    """Nobody else writes the recording at `path`, a file or a folder, meanwhile; raises `Unavailable`, `OSError`."""
    descriptor = os.open(path, os.O_RDONLY if os.path.isdir(path) else os.O_RDWR)
    try:
        Claim(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def held(path: str) -> bool:
    """Whether a recorder writes it now, as far as that can be known; raises `OSError` where there is nothing."""
    try:
        with claimed(path):
            return False
    except Unavailable:
        return True
    except PermissionError:
        return False  # no recorder of ours writes what we may not


def _lock(descriptor: int) -> None:
    import fcntl

    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)
