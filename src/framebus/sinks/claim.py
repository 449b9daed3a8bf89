"""One writer per file: a lock that ends with the process and that other programs do not notice."""

from __future__ import annotations

import os
import struct

from framebus.core.errors import Unavailable

_WHOLE_FILE = struct.pack("hhqqi", 1, os.SEEK_SET, 0, 0, 0)  # F_WRLCK; on Linux only, where OFD locks are


class Claim:
    """Held on the open file `descriptor` (borrowed) until that is closed.

    Raises `Unavailable` where another recorder holds it. It is an open file description lock: libraries that open
    and close the same file cannot lose it, and the locks readers take do not collide with it. Systems without such
    locks have none.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        try:
            import fcntl

            command = fcntl.F_OFD_SETLK
        except (ImportError, AttributeError):
            return
        try:
            fcntl.fcntl(descriptor, command, _WHOLE_FILE)
        except (BlockingIOError, PermissionError) as error:
            raise Unavailable(
                f"{path}: another recorder is writing it: stop that one, or choose another name"
            ) from error
        except OSError:
            return  # some network file systems have no locks; one writer is then up to the user
