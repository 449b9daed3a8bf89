"""Looking at connections whose descriptors belong to ZeroMQ: who it is, what it has received, and ending it.

ZeroMQ closes a descriptor when it likes, and the number is used again; an inode never is while we look. ctypes and not
`socket.socket(fileno=…)` where a descriptor is only looked at: a Python socket closes what it holds when an interrupt
drops it, and ZeroMQ aborts the process when its own descriptor is closed.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import socket
import struct
import sys
from typing import Any, NamedTuple

_TCP_INFO = 11
_RECEIVED_AT = 128
_SIZE = 256
_PROBE = 12_345
_NO_DESCRIPTOR_LEFT = (errno.EMFILE, errno.ENFILE)


class Identity(NamedTuple):
    """Which connection a descriptor meant when it was looked at; inode 0: none any more."""

    inode: int
    peer: str
    """`192.168.1.7:40213`, `[fe80::1]:40213`, or words where there is no address."""


def identify(descriptor: int) -> Identity:
    """Which connection `descriptor` is."""
    inode = 0
    try:
        inode = os.fstat(descriptor).st_ino
        with _duplicate(descriptor) as duplicate:
            return Identity(inode, _text(duplicate.getpeername()))
    except OSError as error:
        return Identity(inode if error.errno in _NO_DESCRIPTOR_LEFT else 0, "a peer")


def shut(descriptor: int, inode: int) -> None:
    """End the connection if `descriptor` still is the one with `inode`; whoever owns it notices and closes it."""
    try:
        with _duplicate(descriptor) as duplicate:
            if os.fstat(duplicate.fileno()).st_ino == inode:
                duplicate.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        if error.errno in _NO_DESCRIPTOR_LEFT:
            _shut_without_duplicate(descriptor, inode)


def _shut_without_duplicate(descriptor: int, inode: int) -> None:
    """Where no descriptor is left to be sure with: the number may change hands in the microsecond between."""
    with contextlib.suppress(OSError):
        if os.fstat(descriptor).st_ino == inode:
            _library().shutdown(descriptor, socket.SHUT_RDWR)


def _duplicate(descriptor: int) -> socket.socket:
    """A descriptor of our own for the same connection; raises `OSError` when it is no socket (any more)."""
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise


def received(descriptor: int) -> int:
    """Payload bytes received on a TCP connection, read or not; -1 when `descriptor` is none (any more).

    From `TCP_INFO` (`tcpi_bytes_received`, Linux since 4.1); about two microseconds.
    """
    size = ctypes.c_uint32(_SIZE)
    buffer = ctypes.create_string_buffer(_SIZE)
    failed = _library().getsockopt(descriptor, socket.IPPROTO_TCP, _TCP_INFO, buffer, ctypes.byref(size))
    if failed or size.value < _RECEIVED_AT + 8:
        return -1
    return int(struct.unpack_from("=Q", buffer, _RECEIVED_AT)[0])


@functools.cache
def counts_received() -> bool:
    """True where `received` works and is right, which is tried once, on a connection of our own."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()) as one,
            server.accept()[0] as other,
        ):
            one.sendall(bytes(_PROBE))
            other.recv(_PROBE, socket.MSG_WAITALL)
            return received(other.fileno()) == _PROBE
    except OSError:
        return False


def limit() -> int:
    """How many descriptors this process may have."""
    try:
        import resource
    except ImportError:
        return sys.maxsize
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


@functools.cache
def _library() -> Any:
    library = ctypes.CDLL(None)
    library.getsockopt.argtypes = [ctypes.c_int] * 3 + [ctypes.c_void_p] * 2
    return library


def _text(address: object) -> str:
    if not isinstance(address, tuple):
        return "a local process"
    host, port = str(address[0]).removeprefix("::ffff:"), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
