"""Sockets that a forked child lets go of: a name, a port and a connection end with the process that made them."""

from __future__ import annotations

import os
import socket as system
import weakref

_sockets: weakref.WeakSet[system.socket] = weakref.WeakSet()


def kept_from_children(socket: system.socket) -> system.socket:
    """The same socket; a forked child closes its copy, as with it the socket would outlive this process."""
    _sockets.add(socket)
    return socket


def _close_all() -> None:
    for socket in list(_sockets):
        socket.close()
    _sockets.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)
