"""How two processes of one machine meet: at the file of a unix socket that keeps messages apart."""

from __future__ import annotations

import os
import socket as system
import struct

_CREDENTIALS = struct.Struct("3i")


def dial_local(path: str | os.PathLike[str]) -> system.socket:
    """A connected non-blocking socket to whoever listens at `path`; never waits.

    Raises `FileNotFoundError` when there is no such file, `ConnectionRefusedError` when its process is dead,
    `BlockingIOError` when too many wait there already, and other `OSError`s as the system says them.
    """
    socket = system.socket(system.AF_UNIX, system.SOCK_SEQPACKET)
    try:
        socket.setblocking(False)
        socket.connect(os.fspath(path))
    except BaseException:
        socket.close()
        raise
    return socket


def peer_of(socket: system.socket) -> tuple[int, int]:
    """Process id and user id of the other side of a unix socket, as the kernel knows them, at the time it connected.

    Whoever connected sees the process that began to listen. Raises `OSError`.
    """
    data = socket.getsockopt(system.SOL_SOCKET, system.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(data)
    return pid, uid
