"""Where connections come in: a tcp port, a file for streams, and the file by which this machine shares memory."""

from __future__ import annotations

import os
import socket as system
import time
from collections.abc import Callable

from framebus.core.errors import AddressError
from framebus.links import binding, ipc
from framebus.links.connection import Connection, Gone
from framebus.links.entrance import HERE
from framebus.links.inherited import kept_from_children
from framebus.links.local import LocalConnection
from framebus.links.rendezvous import peer_of
from framebus.links.stream import StreamConnection
from framebus.memory.pool import NO_DESCRIPTORS, pool

BACKLOG = 1024
Admits = Callable[[str], str]
"""Why a network address may not connect; empty when it may."""


class TcpDoor:
    """A tcp port. `admits` decides by address, before a byte is read."""

    def __init__(self, host: str, port: int, admits: Admits) -> None:
        """Listen; raises `Unavailable` when the port cannot be had, naming who has it, and `AddressError`."""
        if not 0 <= port <= 65535:
            raise AddressError(f"tcp://{host}:{port}: a port is a number from 0 to 65535 (tcp://{host}:5555)")
        bare = binding.numeric(host.strip("[]"))
        self._admits = admits
        every = "0.0.0.0"  # noqa: S104  (admission decides)
        self._socket = kept_from_children(_bound(every if bare == "*" else bare, port, host))
        name, number = self._socket.getsockname()[:2]
        self.address = f"tcp://[{name}]:{number}" if ":" in name else f"tcp://{name}:{number}"

    def fileno(self) -> int:
        return self._socket.fileno()

    def accept(self) -> tuple[Connection, str] | None:
        accepted = _accept(self._socket)
        if accepted is None:
            return None
        socket, found = accepted
        host, port = found[:2]
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if reason := self._admits(host):
            socket.close()
            raise Gone(f"a connection from {host} was refused: {reason}")
        return StreamConnection(socket, initiator=False, where=where), host

    def close(self) -> None:
        self._socket.close()


class FileDoor:
    """A file where processes of this user connect as over tcp."""

    def __init__(self, path: str) -> None:
        self._file = ipc.File(path)
        kept_from_children(self._file.socket)
        self.address = f"ipc://{path}"

    def fileno(self) -> int:
        return self._file.socket.fileno()

    def accept(self) -> tuple[Connection, str] | None:
        accepted = _accept(self._file.socket)
        if accepted is None:
            return None
        return StreamConnection(accepted[0], initiator=False, where=_process(accepted[0])), HERE

    def close(self) -> None:
        self._file.close()


class LocalDoor:
    """A file where processes of this machine and user connect to share memory."""

    def __init__(self, path: str, address: str = "") -> None:
        self._file = ipc.File(path, system.SOCK_SEQPACKET)
        kept_from_children(self._file.socket)
        self.path = path
        self.address = address or f"ipc://{path}"

    def fileno(self) -> int:
        return self._file.socket.fileno()

    def accept(self) -> tuple[Connection, str] | None:
        accepted = _accept(self._file.socket)
        if accepted is None:
            return None
        socket = accepted[0]
        pid, uid = peer_of(socket)
        if uid not in (os.getuid(), 0):
            socket.close()
            raise Gone(
                f"process {pid} of user {uid} was refused: memory is shared with processes of the same user only"
            )
        return LocalConnection(socket, where=f"pid {pid}"), HERE

    def close(self) -> None:
        self._file.close()


def _bound(bare: str, port: int, host: str) -> system.socket:
    socket = system.socket(system.AF_INET6 if ":" in bare else system.AF_INET, system.SOCK_STREAM)
    try:
        socket.setblocking(False)
        if os.name == "posix":
            socket.setsockopt(system.SOL_SOCKET, system.SO_REUSEADDR, 1)
        if socket.family == system.AF_INET6:
            socket.setsockopt(system.IPPROTO_IPV6, system.IPV6_V6ONLY, 0)
        socket.bind((bare, port))
        socket.listen(BACKLOG)
    except OSError as error:
        socket.close()
        reason = str(error.strerror or error).lower()
        raise binding.refusal(error.errno, reason, host, port) from error
    return socket


def _accept(door: system.socket) -> tuple[system.socket, tuple[str, int]] | None:
    """The next connection; None when there is none, or no descriptor left for one."""
    try:
        return door.accept()
    except (BlockingIOError, ConnectionAbortedError, InterruptedError):
        return None
    except OSError as error:
        if error.errno in NO_DESCRIPTORS and pool().trim():  # memory that is kept for the next frame has descriptors
            return _accept(door)
        time.sleep(0.01)  # the connection waits in the queue, and so do we for a moment
        return None


def _process(socket: system.socket) -> str:
    return f"pid {peer_of(socket)[0]}"
