"""What somebody without framebus may send to an open port: raw bytes, and ZeroMQ spoken by hand.

Nothing here needs ZeroMQ: the bytes are what its specifications (rfc.zeromq.org 13, 23 and 37) say, or nearly.
"""

from __future__ import annotations

import contextlib
import socket
import struct

MIB = 1024 * 1024
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + bytes(4)
OLD = b"\x01\x00"
"""How a connection begins in ZeroMQ's first protocol, without a greeting: an empty identity."""
OTHERS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /api HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 5000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\x00" * 5000,
    b"\xff" * 5000,
)
"""What programs say that speak something else: HTTP, TLS, SSH, nothing that anybody knows."""
HUGE = (8 << 30, 1 << 62, (1 << 63) - 1, (1 << 64) - 1)
"""Lengths that no part of a message has."""


def shake_hands(connection: socket.socket) -> None:
    """ZeroMQ's handshake by hand: from here on the other side takes parts of messages.

    Raises `ConnectionError` where the other side ends the connection instead.
    """
    connection.sendall(GREETING + bytes([4, len(READY)]) + READY)
    answer = b""
    while b"READY" not in answer:
        said = connection.recv(4096)
        if not said:
            raise ConnectionResetError("the other side hung up")
        answer += said


def part(data: bytes, *, last: bool = True) -> bytes:
    """A part of a message as it is sent after the handshake."""
    return (b"\x02" if last else b"\x03") + struct.pack(">Q", len(data)) + data


def message(parts: list[bytes]) -> bytes:
    """A whole message as it is sent after the handshake."""
    return b"".join(part(data, last=at == len(parts)) for at, data in enumerate(parts, 1))


def old_message(parts: list[bytes]) -> bytes:
    """A whole message in ZeroMQ's first protocol: lengths count the flags."""
    told = []
    for at, data in enumerate(parts, 1):
        size = len(data) + 1
        told.append(bytes([size]) if size < 255 else b"\xff" + struct.pack(">Q", size))
        told.append((b"\x00" if at == len(parts) else b"\x01") + data)
    return b"".join(told)


def flood(connection: socket.socket, data: bytes, most: int = 1024 * MIB) -> int:
    """Send `data` again and again until the other side has had enough, or `most` bytes are sent; how many it took."""
    taken = 0
    with contextlib.suppress(ConnectionError):
        while taken < most:
            connection.sendall(data)
            taken += len(data)
    return taken


def ended(connection: socket.socket) -> bool:
    """Wait until the other side ends the connection."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(65536):
            pass
    return True
