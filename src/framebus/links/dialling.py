"""Reaching the one an end connects to, again and again until it is there."""

from __future__ import annotations

import os
import socket as system
import threading
from collections.abc import Callable
from ipaddress import ip_address

from framebus.links import ipc
from framebus.links.connection import Connection
from framebus.links.local import LocalConnection
from framebus.links.rendezvous import dial_local, peer_of
from framebus.links.stream import StreamConnection

RETRY_S = 0.02
RETRY_MAX_S = 0.5
RETRY_LOCAL_MAX_S = 0.1
REFUSED_S = 1.0
RESOLVING_S = 0.02

Attempt = tuple[Connection | None, float, str]
"""A connection that is being made; else in how many seconds to try again, and what people should know."""


class Dial:
    """Makes connections to one place. `address` is for people."""

    longest_s = RETRY_MAX_S

    def __init__(self, address: str) -> None:
        self.address = address
        self._pause_s = RETRY_S

    def attempt(self, now: float) -> Attempt:
        """Try once, without waiting."""
        raise NotImplementedError

    def elsewhere(self) -> bool:
        """True when the one to connect to is not where the last attempt went."""
        return False

    doubtful = False
    """True while it is worth asking `elsewhere` now and then."""

    def pause(self, stood: bool, why: str) -> float:
        """In how many seconds to try again, after a connection ended that `stood` or never did."""
        if why:
            return REFUSED_S
        self._pause_s = RETRY_S if stood else min(2 * self._pause_s, self.longest_s)
        return self._pause_s

    def _later(self, text: str = "") -> Attempt:
        return None, self.pause(False, ""), text


class TcpDial(Dial):
    """Connects to `host:port`. Names are looked up in a thread of their own, anew after every failure."""

    def __init__(self, address: str, host: str, port: int) -> None:
        super().__init__(address)
        self._host = host.strip("[]")
        self._port = port
        self._lookup: _Lookup | None = None

    def attempt(self, now: float) -> Attempt:
        if self._host == "localhost" or _is_numeric(self._host):
            return self._to("127.0.0.1" if self._host == "localhost" else self._host)
        if self._lookup is None:
            self._lookup = _Lookup(self._host, self._port)
        if not self._lookup.done.is_set():
            return None, RESOLVING_S, ""
        lookup, self._lookup = self._lookup, None
        if not lookup.found:
            return self._later(f"{self.address}: {lookup.error}")
        return self._to(lookup.found)

    def _to(self, host: str) -> Attempt:
        family = system.AF_INET6 if ":" in host else system.AF_INET
        try:
            socket = system.socket(family, system.SOCK_STREAM)
        except OSError as error:
            return self._later(f"{self.address}: {error.strerror}")
        socket.setblocking(False)
        try:
            socket.connect((host, self._port))
        except BlockingIOError:
            pass
        except OSError:
            socket.close()
            return self._later()
        return StreamConnection(socket, initiator=True, where=self.address), 0.0, ""


class FileDial(Dial):
    """Connects to a stream socket at `path`."""

    longest_s = RETRY_LOCAL_MAX_S

    def __init__(self, address: str, path: str) -> None:
        """Raises `AddressError` for a path that a unix socket cannot have."""
        super().__init__(address)
        ipc.check(path)
        self._path = path

    def attempt(self, now: float) -> Attempt:
        try:
            socket = system.socket(system.AF_UNIX, system.SOCK_STREAM)
        except OSError as error:
            return self._later(f"{self.address}: {error.strerror}")
        try:
            socket.setblocking(False)
            socket.connect(self._path)
        except OSError:
            socket.close()
            return self._later()
        return StreamConnection(socket, initiator=True, where=self.address), 0.0, ""


class LocalDial(Dial):
    """Connects to whoever shares memory at the path that `find` knows, and whether that is certain."""

    longest_s = RETRY_LOCAL_MAX_S

    def __init__(self, address: str, find: Callable[[], tuple[str, bool]]) -> None:
        super().__init__(address)
        self._find = find
        self._path = ""

    def attempt(self, now: float) -> Attempt:
        self._path, certain = self._find()
        self.doubtful = not certain
        connection = reach(self._path) if self._path else None
        return self._later() if connection is None else (connection, 0.0, "")

    def elsewhere(self) -> bool:
        path, certain = self._find()
        self.doubtful = not certain
        return path not in ("", self._path)


def reach(path: str) -> LocalConnection | None:
    """A connection to the process that shares memory at `path`; None when there is none of this user."""
    try:
        socket = dial_local(path)
    except OSError:
        return None
    pid, uid = peer_of(socket)
    if uid not in (os.getuid(), 0):
        socket.close()
        return None
    return LocalConnection(socket, where=f"pid {pid}")


class _Lookup:
    """One question to the resolver."""

    def __init__(self, host: str, port: int) -> None:
        self.done = threading.Event()
        self.found = ""
        self.error = ""
        threading.Thread(target=self._run, args=(host, port), name="framebus-lookup", daemon=True).start()

    def _run(self, host: str, port: int) -> None:
        try:
            found = system.getaddrinfo(host, port, type=system.SOCK_STREAM)
            self.found = str(sorted(found, key=lambda entry: entry[0] != system.AF_INET)[0][4][0])
        except OSError as error:
            self.error = f"no such host ({error.strerror or error})"
        except UnicodeError as error:
            self.error = f"no such host ({error})"
        finally:
            self.done.set()


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
