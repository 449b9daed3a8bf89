"""A folder that files appear in whole or not at all, written by one sink at a time."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from framebus.core.errors import Unavailable
from framebus.core.whole import whole

PARTIAL = ".partial"
"""What the name of a file ends in while it is written; it begins with a dot."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM)
# A name that exists is never opened, and a link never followed: somebody else may write into the folder, too.
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_LINES = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Place:
    """The folder `root`, made if need be, locked against other sinks until `close`.

    Not thread-safe. Raises `Unavailable` when it cannot be made or written to, or is locked.
    """

    def __init__(self, root: str, *, fsync: bool = False) -> None:
        self.root = root
        self._fsync = fsync
        self._inside = {root}
        with saying(root):
            os.makedirs(root, exist_ok=True)
            self._lock = _locked(root)
        try:
            self._real = os.path.realpath(root)
            self._probe()
        except BaseException:
            self.close()
            raise

    def put(self, path: str, data: bytes | memoryview) -> None:
        """Write `data` to `path` below the root: under a partial name first, renamed when all of it is there.

        Replaces a file of that name. Raises `Unavailable` (disk full, folder removed …) leaving nothing behind, and
        for a path that leads out of the root.
        """
        with saying(self.root, len(data)):
            target = self._resolved(path)
            folder, name = os.path.split(target)
            partial = os.path.join(folder, f".{name}{PARTIAL}")
            with whole(target, partial):
                write_new(partial, data, fsync=self._fsync)
            if self._fsync:
                sync_folder(folder)

    def append(self, path: str, line: bytes) -> None:
        """Add a line to `path` below the root, which is made; one that was cut off before it ends there.

        Raises `Unavailable` like `put`; what is there of the line then is cut off, too.
        """
        with saying(self.root, len(line)):
            descriptor = os.open(self._resolved(path), _LINES, 0o666)
            try:
                end = os.fstat(descriptor).st_size
                whole = not end or os.pread(descriptor, 1, end - 1) == b"\n"
                _write(descriptor, line if whole else b"\n" + line)
                if self._fsync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, path: str) -> bytes | None:
        """What is in a file below the root; None when there is none."""
        with saying(self.root), suppress(FileNotFoundError), open(os.path.join(self.root, path), "rb") as file:
            return file.read()
        return None

    def holds(self, path: str) -> bool:
        """Whether something of that name is there, be it a dangling link."""
        return os.path.lexists(os.path.join(self.root, path))

    def names(self, *, deep: bool) -> Iterator[str]:
        """All files below the root, with `/` between folders; `deep` goes into folders."""
        for folder, folders, files in os.walk(self.root):
            if not deep:
                folders.clear()
            inner = os.path.relpath(folder, self.root).replace(os.sep, "/")
            yield from files if inner == "." else (f"{inner}/{name}" for name in files)

    def remove(self, path: str) -> None:
        """Remove a file below the root, if it is still there."""
        with saying(self.root), suppress(FileNotFoundError):
            os.unlink(os.path.join(self.root, path))

    def close(self) -> None:
        """Let other sinks have the folder; idempotent."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _resolved(self, path: str) -> str:
        """The full path, its folder made, and checked once to be inside the root."""
        target = os.path.join(self.root, path)
        folder = os.path.dirname(target)
        if folder not in self._inside:
            real = os.path.realpath(folder)
            if real != self._real and not real.startswith(os.path.join(self._real, "")):
                raise Unavailable(f"{target} leads out of {self.root} to {real}: remove the link there")
            os.makedirs(folder, exist_ok=True)
            self._inside.add(folder)
        return target

    def _probe(self) -> None:
        """Find out now, not at the first frame, whether files can be made here."""
        name = f".framebus-probe{PARTIAL}"
        with saying(self.root):
            write_new(os.path.join(self.root, name), b"framebus", fsync=self._fsync)
        self.remove(name)


def write_new(path: str, data: bytes | memoryview, *, fsync: bool) -> None:
    """Write all of `data` into a new file; one of that name is of a writer that was killed, and removed."""
    try:
        descriptor = os.open(path, NEW_FILE, 0o666)
    except FileExistsError:
        os.unlink(path)
        descriptor = os.open(path, NEW_FILE, 0o666)
    try:
        _write(descriptor, data)
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


@contextmanager
def saying(root: str, needed: int = 0) -> Iterator[None]:
    """Turn what the system says into `Unavailable`, naming the folder and the bytes that were to be written."""
    try:
        yield
    except Unavailable:
        raise
    except OSError as error:
        raise Unavailable(f"{root}: {_reason(error, root, needed)}") from error


def _reason(error: OSError, root: str, needed: int) -> str:
    if error.errno in _FULL:
        return f"the disk is full, {needed:,} bytes are needed and {_free(root)} are free: make room"
    if error.errno == errno.EROFS:
        return "the file system is read-only: choose another folder"
    if error.errno in _DENIED:
        return "no permission to write there: change the folder's owner or mode, or choose another"
    if error.errno == errno.ENOENT:
        return "the folder was removed while files were written to it"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return "it is a file, not a folder: choose another name"
    return f"{error.strerror or error} ({needed:,} bytes to write)"


def _free(root: str) -> str:
    try:
        return f"{shutil.disk_usage(root).free:,}"
    except OSError:
        return "unknown"


def _locked(root: str) -> int | None:
    """A descriptor that holds the folder's lock; the kernel lets go of it however the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        return None
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Unavailable(
            f"{root}: another sink is writing into this folder: stop it, or choose another folder"
        ) from error
    except OSError:
        pass  # some network file systems have no locks; one writer is then up to the user
    return descriptor


def sync_folder(folder: str) -> None:
    """Force the names in `folder` to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
