"""File descriptors that travel along with datagrams, so that another process has the same open file."""

from __future__ import annotations

import socket as system
import struct

Ancillary = list[tuple[int, int, bytes]]

ROOM = 32
"""Bytes of ancillary data to make room for: one descriptor, and more than one shows."""


def _flag(name: str) -> int:
    return int(getattr(system, name, 0))  # plain numbers: arithmetic of enumerations takes a microsecond


SEND = _flag("MSG_DONTWAIT") | _flag("MSG_NOSIGNAL")
RECEIVE = _flag("MSG_DONTWAIT") | _flag("MSG_CMSG_CLOEXEC")
_TRUNCATED, _WITHHELD = _flag("MSG_TRUNC"), _flag("MSG_CTRUNC")
BROKEN = _TRUNCATED | _WITHHELD
"""Flags of a datagram that did not arrive whole."""

_NUMBER = struct.Struct("i")


def send(socket: system.socket, data: bytes, descriptor: int) -> None:
    """Send a datagram with a descriptor, now or not at all. Raises `OSError`."""
    # socket.send_fds would ignore the flags
    socket.sendmsg((data,), ((system.SOL_SOCKET, system.SCM_RIGHTS, _NUMBER.pack(descriptor)),), SEND)


def received(ancillary: Ancillary) -> list[int]:
    """The descriptors that came along, now open in this process: whoever asks has to close them."""
    found: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (system.SOL_SOCKET, system.SCM_RIGHTS):
            whole = len(data) // _NUMBER.size * _NUMBER.size
            found += [number for (number,) in _NUMBER.iter_unpack(data[:whole])]
    return found


def broken(flags: int) -> str:
    """What went wrong with a datagram that did not arrive whole."""
    if flags & _WITHHELD:
        return (
            "shows memory, and this process has no file descriptor left for it: "
            "close files and connections, or raise the limit (ulimit -n)"
        )
    return "broke the rules: a datagram longer than any may be"
