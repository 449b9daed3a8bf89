"""Files of unix sockets: private to their owner, removed when their process is dead, respected when it is not."""

from __future__ import annotations

import contextlib
import os
import socket as system
import stat
from collections.abc import Iterator
from pathlib import Path

from framebus.core.errors import AddressError, Unavailable
from framebus.links.forbidden import unavailable
from framebus.links.locks import lock

MAX_PATH_BYTES = 107
BACKLOG = 1024


def check(path: str) -> None:
    """Raises `AddressError` for a path that a unix socket cannot have, or that no permissions would protect."""
    size = len(os.fsencode(path))
    if not path or path == "*":
        raise AddressError(f"ipc://{path} names no file: give a path (ipc:///run/user/1000/cam.sock)")
    if path.startswith("@"):
        raise AddressError(f"ipc://{path}: abstract sockets have no permissions; give the path of a file")
    if size > MAX_PATH_BYTES:
        raise AddressError(
            f"ipc://{path}: {size} bytes, but the path of a unix socket holds {MAX_PATH_BYTES}; use a shorter folder"
        )


class File:
    """A unix socket that listens at a path, and takes its file along when it is closed."""

    def __init__(self, path: str, kind: int = system.SOCK_STREAM) -> None:
        """Listen at `path`: the file has mode 0600, a missing folder is made with 0700.

        The file of a dead process is replaced; raises `Unavailable` when a live one has it, when it is no socket, or
        when the folder cannot be used.
        """
        check(path)
        self.socket = system.socket(system.AF_UNIX, kind)
        try:
            self.socket.setblocking(False)
            with _private(), _folder(Path(path).parent, path):
                _clear(path, kind)
                self.socket.bind(path)
                self._file = path, os.stat(path).st_ino
                self.socket.listen(BACKLOG)
        except BaseException as error:
            self.socket.close()
            if isinstance(error, Unavailable) or not isinstance(error, OSError):
                raise
            raise unavailable(error.errno, f"cannot listen on ipc://{path}: {error.strerror}") from error

    def close(self) -> None:
        """Close, and remove the file if it still is ours."""
        path, inode = self._file
        self._file = path, -1  # somebody else may listen there next
        with contextlib.suppress(OSError):
            if os.stat(path).st_ino == inode:
                os.unlink(path)
        self.socket.close()


@contextlib.contextmanager
def _folder(folder: Path, path: str) -> Iterator[None]:
    """Hold the folder's lock, so that of two processes that find a stale file only one replaces it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise unavailable(error.errno, f"cannot listen on ipc://{path}: {folder}: {error.strerror}") from error
    try:
        lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _private() -> Iterator[None]:
    """The file must never exist with wider permissions: `chmod` afterwards alone would leave a moment."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _clear(path: str, kind: int) -> None:
    """Remove the file of a dead process."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Unavailable(f"cannot listen on ipc://{path}: that file is not a socket; choose another path")
    if answers(path, kind):
        raise Unavailable(f"cannot listen on ipc://{path}: a running process listens there; choose another path")
    os.unlink(path)


def sweep(path: str) -> None:
    """Remove the file of a dead process; nothing happens where somebody listens, or is just about to."""
    with contextlib.suppress(OSError):
        descriptor = os.open(Path(path).parent, os.O_RDONLY)
        try:
            if lock(descriptor, wait=False) and not answers(path):
                os.unlink(path)
        finally:
            os.close(descriptor)


def answers(path: str, kind: int = getattr(system, "SOCK_SEQPACKET", system.SOCK_STREAM)) -> bool:
    """True when a process listens at `path`."""
    with system.socket(system.AF_UNIX, kind) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # a full backlog (it would block), or another user's
            return True
    return True
