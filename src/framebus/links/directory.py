"""Which framebus endpoints of this user run on this machine.

Every endpoint has a small JSON file in the private runtime folder and holds a lock on it, which the kernel frees when
the process ends, however it ends; whoever lists the folder removes the files of the dead. Where the system has no such
locks (Windows) the process number and start time decide.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self
from weakref import WeakSet

import msgspec

from framebus.core.errors import Unavailable
from framebus.core.not_json import NOT_JSON
from framebus.core.redaction import redact
from framebus.core.statistics import FlowInfo
from framebus.core.whole import whole
from framebus.links import ipc, locks, ports

Kind = Literal["publisher", "reader", "flow", "system"]
"""A `flow` is read and goes where nobody can ask for it: nobody connects there, and its process tells how it is. A
`system` is one that runs from a file, which is its address."""

MAX_FILE_BYTES = 1024 * 1024
SOCKET_SUFFIX = ".shm"
"""How the sockets are named through which memory is shared."""
_SUFFIX = ".json"
_PORT = re.compile(r"tcp://.*:(\d+)(?:/[^/:\]]*)?")
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint as others see it; `address` and `command` hold no credentials.

    `since` is when it was registered, in seconds since 1970; `started` when its process was, where that has to tell
    whether it lives.
    """

    kind: Kind
    address: str
    pid: int
    streams: tuple[str, ...] = ()
    listens: bool = True
    since: float = 0.0
    started: float = 0.0
    command: str = ""
    host: str = ""
    local: str = ""
    """The socket through which processes of this machine share its memory."""
    flow: FlowInfo | None = None
    told: float = 0.0
    """When `flow` was told, in seconds since 1970."""


class Entry:
    """This process's registration of one endpoint; a `with` block or `close()` ends it, and so does any death."""

    def __init__(self, folder: Path, record: Record) -> None:
        self._path = folder / f"{record.pid}-{secrets.token_hex(8)}{_SUFFIX}"
        self._record = record
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._size = 0
        self._put()
        _open.add(self)

    @property
    def record(self) -> Record:
        """What is registered now."""
        return self._record

    def update(self, *, streams: Sequence[str] | None = None, address: str | None = None) -> None:
        """Change what others see; does nothing once closed."""
        with self._lock:
            if self._descriptor is None:
                return
            if streams is not None:
                self._record = msgspec.structs.replace(self._record, streams=tuple(streams))
            if address is not None:
                self._record = msgspec.structs.replace(self._record, address=redact(address))
            self._put()

    def tell(self, flow: FlowInfo) -> None:
        """How the flow is now; does nothing once closed. Quick: the file stays the one it is."""
        with self._lock:
            if self._descriptor is None:
                return
            flow = msgspec.structs.replace(flow, pid=self._record.pid, command=self._record.command)
            self._record = msgspec.structs.replace(self._record, flow=flow, told=time.time())
            data = msgspec.json.encode(self._record)
            self._size = max(self._size, len(data))
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            with contextlib.suppress(OSError):  # no room: what was told before stands
                os.write(self._descriptor, data.ljust(self._size))

    def close(self) -> None:
        """Remove the registration; more than once is fine."""
        with self._lock:
            if self._descriptor is not None:
                with contextlib.suppress(OSError):
                    os.unlink(self._path)
            self._release()
        _open.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self) -> None:
        """Replace the file by a locked one: whoever reads it sees the old text or the new one."""
        data = msgspec.json.encode(self._record)
        descriptor = _locked_file(self._path, data)
        self._size = len(data)
        self._release()
        self._descriptor = descriptor

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def forget(self) -> None:
        """In a forked child: let go of the parent's lock without touching its file."""
        self._lock = threading.Lock()
        self._release()


_open: WeakSet[Entry] = WeakSet()


def _forget_all() -> None:
    for entry in list(_open):
        entry.forget()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def register(
    kind: Kind,
    address: str,
    *,
    streams: Sequence[str] = (),
    listens: bool = True,
    local: str = "",
    folder: Path | None = None,
) -> Entry:
    """Let this machine's `framebus list` and error messages know an endpoint of this process.

    Sweeps, so that what dies again and again leaves nothing behind even where nobody ever lists. Raises
    `Unavailable` when the runtime folder cannot be used.
    """
    record = Record(
        kind=kind,
        address=redact(address),
        pid=os.getpid(),
        streams=tuple(streams),
        listens=listens,
        since=time.time(),
        started=0.0 if locks.AVAILABLE else _started(os.getpid()) or 0.0,
        command=ports.shorten(sys.orig_argv or sys.argv),
        local=local,
        host=os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", ""),
    )
    place = folder or runtime_folder()
    entries(place)
    return Entry(place, record)


def entries(folder: Path | None = None) -> list[Record]:
    """The live endpoints of this user on this machine, oldest first; removes what the dead left behind.

    Empty where nothing was ever registered or the folder cannot be used.
    """
    try:
        place = folder or runtime_folder(create=False)
        paths = sorted(place.iterdir())
    except (OSError, Unavailable):
        return []
    found = [record for path in paths if (record := _living(path)) is not None]
    _sweep_sockets(paths, {record.local for record in found})
    return sorted(found, key=lambda record: (record.since, record.pid))


def port_of(address: str) -> int | None:
    """The port in a tcp address, or None."""
    found = _PORT.search(address)
    return int(found[1]) if found else None


def runtime_folder(environ: Mapping[str, str] | None = None, *, create: bool = True) -> Path:
    """`$XDG_RUNTIME_DIR/framebus`, else `framebus-<uid>` in the folder for temporary files; ours alone, mode 0700.

    Raises `Unavailable` when it is somebody else's, a symbolic link, or open to others: whoever made it could
    pretend to be our publishers.
    """
    folder = _place(os.environ if environ is None else environ)
    try:
        if create:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
        found = os.lstat(folder)
    except OSError as error:
        raise Unavailable(f"the runtime folder {folder} cannot be used: {error.strerror}") from error
    _check(folder, found)
    return folder


def _place(environ: Mapping[str, str]) -> Path:
    given = environ.get("XDG_RUNTIME_DIR", "")
    if given and os.access(given, os.W_OK | os.X_OK):  # under `su` it may be another user's
        return Path(given) / "framebus"
    uid = os.getuid() if hasattr(os, "getuid") else environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"framebus-{uid}"


def _check(folder: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise Unavailable(f"{folder} is not a folder: remove it, or set XDG_RUNTIME_DIR to a folder of your own")
    if not hasattr(os, "getuid"):
        return
    if found.st_uid != os.getuid():
        raise Unavailable(
            f"{folder} belongs to another user (uid {found.st_uid}): set XDG_RUNTIME_DIR to a folder of your own"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise Unavailable(f"{folder} is open to other users: chmod 700 {shlex.quote(str(folder))}")


def _locked_file(path: Path, data: bytes) -> int:
    while True:
        partial = path.with_suffix(f".{secrets.token_hex(4)}.partial")
        try:
            descriptor = os.open(partial, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with whole(path, partial):
                    locks.lock(descriptor)
                    os.write(descriptor, data)
            except FileNotFoundError:  # somebody swept it before it was locked
                os.close(descriptor)
                continue
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise Unavailable(f"the runtime folder {path.parent} cannot be used: {error.strerror}") from error
        return descriptor


def _living(path: Path) -> Record | None:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        record = _decode(file.read(MAX_FILE_BYTES))
        if record is None:  # read while it was written, perhaps
            file.seek(0)
            record = _decode(file.read(MAX_FILE_BYTES))
        if not _abandoned(descriptor, record):
            return record if path.suffix == _SUFFIX else None
        if _sweep(path, descriptor):
            return None
    return _living(path)  # its owner replaced it meanwhile


def _abandoned(descriptor: int, record: Record | None) -> bool:
    if locks.AVAILABLE:
        return locks.lock(descriptor, wait=False)
    return record is not None and _started(record.pid) != record.started


def _sweep(path: Path, descriptor: int) -> bool:
    """Remove `path`, unless it is another file by now than the one whose lock we hold."""
    try:
        if os.stat(path, follow_symlinks=False).st_ino != os.fstat(descriptor).st_ino:
            return False
        os.unlink(path)
    except OSError:
        pass
    return True


def _sweep_sockets(paths: Sequence[Path], living: set[str]) -> None:
    """Remove the sockets of the dead, also of those who were killed before they had registered."""
    for path in paths:
        if path.suffix == SOCKET_SUFFIX and str(path) not in living:
            ipc.sweep(str(path))


_from_json = msgspec.json.Decoder(Record).decode


def _decode(data: bytes) -> Record | None:
    try:
        return _from_json(data)
    except NOT_JSON:
        return None


def _started(pid: int) -> float | None:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
