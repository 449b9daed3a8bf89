"""A new file that grows at its end, under a partial name until something is in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from framebus.core.errors import Unavailable
from framebus.sinks.claim import Claim
from framebus.sinks.place import PARTIAL, saying, sync_folder

# A link is never followed: somebody else may write into the folder, too.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class GrowingFile:
    """`path`, written at its end; what is already in it is only changed by `finish`.

    fsync   force everything to the disk before `append` returns

    Raises `Unavailable` when it cannot be made, or another recorder writes it. Not thread-safe.
    """

    def __init__(self, path: str, *, fsync: bool = False) -> None:
        self.path = path
        self._fsync = fsync
        self._partial: str | None = partial_of(path)
        self._end = 0
        folder = os.path.dirname(path) or "."
        with saying(folder):
            os.makedirs(folder, exist_ok=True)
            self._descriptor = os.open(self._partial, _FLAGS, 0o666)
        try:
            Claim(self._descriptor, path)
            os.truncate(self._descriptor, 0)
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, data: bytes) -> None:
        """Add all of `data`, or nothing; the first time the file gets its name. Raises `OSError`."""
        if os.fstat(self._descriptor).st_nlink == 0:
            raise Unavailable(f"{self.path} was removed while it was written: start again")
        try:
            self._write(self._end, data)
        except OSError:
            os.truncate(self._descriptor, self._end)
            raise
        self._end += len(data)
        self._settle()

    def finish(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Write each piece where it belongs, in this order. Raises `OSError`; nothing after that piece is written."""
        for at, data in pieces:
            try:
                self._write(at, data)
            except OSError:
                os.truncate(self._descriptor, self._end)
                raise
            self._settle()

    def close(self) -> None:
        """Close it; one that never got its name is removed. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
            if self._partial is not None:
                with suppress(OSError):
                    os.unlink(self._partial)

    def _write(self, at: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, at)
            at, view = at + written, view[written:]

    def _settle(self) -> None:
        if self._fsync:
            os.fsync(self._descriptor)
        if self._partial is not None:
            os.replace(self._partial, self.path)
            self._partial = None
            if self._fsync:
                sync_folder(os.path.dirname(self.path) or ".")


def partial_of(path: str) -> str:
    """The name of `path` while nothing whole is in it."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{PARTIAL}")
