"""A file that grows at its end, a new one under a partial name until something is in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from framebus.core.errors import Unavailable
from framebus.sinks.claim import Claim
from framebus.sinks.place import PARTIAL, saying, sync_folder
from framebus.sinks.writeback import Writeback

# A link is never followed: somebody else may write into the folder, too.
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class GrowingFile:
    """`path`, written at its end; what is already in it is only changed by `finish`.

    resume  go on with the file that is there
    fsync   force everything to the disk before `append` returns
    early   let what is written begin its way to the disk meanwhile (`Writeback`): for whole pictures, not for video

    Raises `Unavailable` when it cannot be made, or another recorder writes it. Not thread-safe.
    """

    def __init__(self, path: str, *, resume: bool = False, fsync: bool = False, early: bool = False) -> None:
        self.path = path
        self._fsync = fsync
        self._partial: str | None = None if resume else partial_of(path)
        folder = os.path.dirname(path) or "."
        with saying(folder):
            os.makedirs(folder, exist_ok=True)
            self._descriptor = os.open(self._partial or path, _FLAGS | (0 if resume else os.O_CREAT), 0o666)
        try:
            Claim(self._descriptor, path)
            self.end = os.fstat(self._descriptor).st_size
            if not resume:
                self.cut(0)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._writeback = Writeback(self._descriptor) if early and not fsync else None

    def read(self, at: int, size: int) -> bytes:
        """So many bytes from there, fewer at the end. Raises `OSError`."""
        return os.pread(self._descriptor, size, at)

    def cut(self, end: int) -> None:
        """Forget what is behind `end`. Raises `OSError`."""
        os.truncate(self._descriptor, end)
        self.end = end

    def append(self, *pieces: bytes | memoryview) -> None:
        """Add all `pieces`, or nothing; the first time the file gets its name. Raises `OSError`."""
        if os.fstat(self._descriptor).st_nlink == 0:
            raise Unavailable(f"{self.path} was removed while it was written: start again")
        end = self.end
        try:
            for piece in pieces:
                self._write(end, piece)
                end += len(piece)
        except OSError:
            self.cut(self.end)
            raise
        self.end = end
        self._settle()

    def finish(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Write each piece where it belongs, in this order. Raises `OSError`; nothing after that piece is written."""
        for at, data in pieces:
            try:
                self._write(at, data)
            except OSError:
                self.cut(self.end)
                raise
            self._settle()

    def close(self) -> None:
        """Close it; one that never got its name is removed. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            if self._writeback is not None:
                self._writeback.close()
            os.close(descriptor)
            if self._partial is not None:
                with suppress(OSError):
                    os.unlink(self._partial)

    def _write(self, at: int, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, at)
            if self._writeback is not None:
                self._writeback.wrote(at, written)
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
