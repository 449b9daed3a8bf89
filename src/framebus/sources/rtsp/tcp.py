"""The TCP connection to a camera, plain or TLS: opened within a deadline, never blocking afterwards."""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

from framebus.core.errors import Unavailable
from framebus.sources.rtsp.target import Target

_MAX_UNSENT = 64 * 1024
_GRAIN_S = 0.001


class Line:
    """One connection. Raises `Unavailable` when it breaks; not thread-safe."""

    def __init__(self, target: Target, sock: socket.socket) -> None:
        self._target = target
        self._socket = sock
        self._unsent = bytearray()
        self.local: tuple[Any, ...] = sock.getsockname()
        self.remote: tuple[Any, ...] = sock.getpeername()
        self.family: int = sock.family
        self.drained = True
        """True while nothing more can be read without waiting."""
        self._tls = isinstance(sock, ssl.SSLSocket)

    def fileno(self) -> int:
        """To wait on, for the events of `interest()`."""
        return self._socket.fileno()

    def interest(self) -> int:
        """What to wait for: `POLLIN`, and `POLLOUT` while something is unsent."""
        return select.POLLIN | select.POLLOUT if self._unsent else select.POLLIN

    def gather(self, nbytes: int) -> None:
        """Be readable only once so many bytes are here, where the system can do that; they are always there to read.

        From any thread; where more than that is here already, whoever waits is woken.
        """
        with suppress(OSError):  # closed by now, or a system that cannot
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, nbytes)

    def read_into(self, space: memoryview) -> int:
        """Bytes read, 0 when there are none now."""
        try:
            count = self._socket.recv_into(space)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self.drained = True
            return 0
        except OSError as error:
            raise Unavailable(f"{self._target} broke the connection ({_reason(error)})") from error
        if not count:
            raise Unavailable(f"{self._target} closed the connection")
        self.drained = not self._tls and count < len(space)
        return count

    def send(self, data: bytes) -> None:
        """Send now or, where the other side is slow, with the next `flush`."""
        self._unsent += data
        if len(self._unsent) > _MAX_UNSENT:
            raise Unavailable(f"{self._target} does not read what it is sent")
        self.flush()

    def flush(self) -> None:
        """Send what is unsent, as far as that goes."""
        while self._unsent:
            try:
                count = self._socket.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise Unavailable(f"{self._target} broke the connection ({_reason(error)})") from error
            del self._unsent[:count]

    def close(self) -> None:
        """Hang up; idempotent."""
        self._socket.close()


def connect(target: Target, until: float, verify: bool) -> Line:
    """The connection, by `until` on the monotonic clock. Raises `Unavailable`.

    Looking up a host's name is up to the system and may take longer. `verify=False` takes any certificate.
    """
    sock = _connected(target, until)
    try:
        if target.secure:
            sock.settimeout(_left(until))
            sock = _context(verify).wrap_socket(sock, server_hostname=target.host)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(target, sock)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise Unavailable(
            f"{target} has a certificate that nobody vouches for ({error.verify_message}): "
            "install its authority here, or take any certificate with verify=False (--no-verify)"
        ) from error
    except OSError as error:
        sock.close()
        raise Unavailable(f"{target} does not speak TLS as it should ({_reason(error)}): try rtsp://") from error


def _connected(target: Target, until: float) -> socket.socket:
    failed: OSError | None = None
    places = _places(target)
    for index, (family, kind, protocol, _, place) in enumerate(places):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(until) / (len(places) - index))
            sock.connect(place)
            return sock
        except OSError as error:
            sock.close()
            failed = error
    reason = _reason(failed) if failed else "it has no address"
    raise Unavailable(
        f"{target} cannot be reached ({reason}): is the camera on, and are host and port ({target.port}) right?"
    ) from failed


def _places(target: Target) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))[:8]
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{target}: nobody knows the host {target.host!r}: check its name") from error


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _left(until: float) -> float:
    return max(_GRAIN_S, until - time.monotonic())


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror or str(error) or type(error).__name__).lower()
