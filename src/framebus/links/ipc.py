"""Files of unix sockets: private to their owner, removed when their process is dead, respected when it is not."""

from __future__ import annotations

import contextlib
import os
import socket as system
import stat
from collections.abc import Iterator
from pathlib import Path

import zmq

from framebus.core.errors import AddressError, Unavailable
from framebus.links.locks import lock

MAX_PATH_BYTES = 107


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


class FileSocket(zmq.Socket[bytes]):
    """A listening socket that takes its file along when it is closed, which ZeroMQ does not."""

    _file: tuple[str, int] | None = None

    def bind_file(self, path: str) -> None:
        """Bind to `path`: the file has mode 0600, a missing folder is made with 0700.

        The file of a dead process is replaced; raises `Unavailable` when a live one has it, when it is no socket, or
        when the folder cannot be used.
        """
        check(path)
        with _folder(Path(path).parent, path), _private():
            _clear(path)
            try:
                self.bind(f"ipc://{path}")
                os.chmod(path, 0o600)
                self._file = path, os.stat(path).st_ino
            except (OSError, zmq.ZMQError) as error:
                raise Unavailable(f"cannot listen on ipc://{path}: {error.strerror}") from error

    def close(self, linger: int | None = None) -> None:
        """Close, and remove the file if it still is ours."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                if os.stat(file[0]).st_ino == file[1]:
                    os.unlink(file[0])
        super().close(linger)


def remove(address: str) -> None:
    """A listener at `address` (`ipc://PATH`) is about to close: nobody shall find its file."""
    with contextlib.suppress(OSError):
        os.unlink(address.removeprefix("ipc://"))


@contextlib.contextmanager
def _folder(folder: Path, path: str) -> Iterator[None]:
    """Hold the folder's lock, so that of two processes that find a stale file only one replaces it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Unavailable(f"cannot listen on ipc://{path}: {folder}: {error.strerror}") from error
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


def _clear(path: str) -> None:
    """Remove the file of a dead process. ZeroMQ would remove a live one as well and take over its readers."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Unavailable(f"cannot listen on ipc://{path}: that file is not a socket; choose another path")
    if _answers(path):
        raise Unavailable(f"cannot listen on ipc://{path}: a running process listens there; choose another path")
    os.unlink(path)


def _answers(path: str) -> bool:
    with system.socket(system.AF_UNIX, system.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:  # a full backlog (it would block), or another user's
            return True
    return True
