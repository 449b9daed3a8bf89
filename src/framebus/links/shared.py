"""Where processes of this machine find each other's shared memory: sockets in the private runtime folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets

from framebus.core.addresses import Link, is_local_host, is_loopback, network_wide, parse
from framebus.core.errors import Unavailable
from framebus.links import directory, ipc, ports, rendezvous
from framebus.links.doors import LocalDoor
from framebus.memory.pool import supported

_UNNAMED = "-any-"
"""Begins what no stream can be called."""


def publisher_door(address: Link) -> LocalDoor:
    """Where `shm://NAME` is published. Raises `Unavailable` when somebody else publishes that name here."""
    if not supported():
        raise Unavailable(f"{address}: this system cannot share memory between processes; use tcp://127.0.0.1 instead")
    name = "" if "{" in address.streams else address.streams
    if not name:
        return LocalDoor(_path(f"{_UNNAMED}{os.getpid()}-{secrets.token_hex(4)}"), str(address))
    refuse_taken(name)
    path = _path(name)
    try:
        return LocalDoor(path, str(address))
    except Unavailable as error:
        raise _held(name, path) or error from error


def inner_door() -> LocalDoor | None:
    """Where readers of another address may come on this machine; None where that cannot be."""
    if not supported():
        return None
    with contextlib.suppress(Unavailable):
        return LocalDoor(_path(f"-via-{os.getpid()}-{secrets.token_hex(4)}"))
    return None


def find(name: str) -> tuple[str, bool]:
    """The path of the socket that gives stream `name`, and whether that is certain; empty while there is none.

    Not certain: one that publishes many streams has not published any yet.
    """
    with contextlib.suppress(Unavailable):
        path = _path(name, create=False)
        if os.path.exists(path):
            return path, True
    many = [record for record in publishers() if not returns(record.local)]
    certain = [record.local for record in many if name in record.streams]
    possible = [record.local for record in many if not record.streams]
    return next(iter((*certain, *possible)), ""), bool(certain)


def hub_at(address: Link) -> str:
    """The socket of the process of this machine that reads what comes to `address`; empty where there is none."""
    found = (
        record.local
        for record in directory.entries()
        if record.kind == "reader" and record.listens and record.local and _same_place(record.address, address)
    )
    return next(found, "")


def _same_place(bound: str, address: Link) -> bool:
    link = parse(bound)
    if not isinstance(link, Link) or link.scheme != address.scheme:
        return False
    if link.scheme == "ipc":
        return os.path.realpath(link.path) == os.path.realpath(address.path)
    (ours,), (theirs,) = link.peers, address.peers
    here = is_local_host(theirs.host) and (network_wide(ours.host) or ours.host == theirs.host)
    return ours.port == theirs.port and (here or (is_loopback(ours.host) and is_loopback(theirs.host)))


def returns(path: str) -> bool:
    """True where a publisher that is started again will listen at the same `path`."""
    return not os.path.basename(path).startswith(_UNNAMED)


def publishers() -> list[directory.Record]:
    """Who publishes through shared memory on this machine."""
    return [
        record
        for record in directory.entries()
        if record.kind == "publisher" and record.local and record.address.startswith("shm://")
    ]


def refuse_taken(name: str) -> None:
    """Raise `Unavailable` when another process publishes stream `name` through shared memory."""
    if (error := _taken(name)) is not None:
        raise error


def _taken(name: str) -> Unavailable | None:
    for record in publishers():
        if name in record.streams or record.address == f"shm://{name}":
            return _refusal(name, record.pid, record.command)
    return None


def _held(name: str, path: str) -> Unavailable | None:
    """The same of one that listens already and has not registered yet."""
    with contextlib.suppress(OSError), rendezvous.dial_local(path) as socket:
        pid, _ = rendezvous.peer_of(socket)
        return _refusal(name, pid, ports.command(pid))
    return None


def _refusal(name: str, pid: int, command: str) -> Unavailable:
    who = f"process {pid} ({command})"
    return Unavailable(f"shm://{name} is already published by {who}; end it, or choose another name")


def _path(name: str, *, create: bool = True) -> str:
    """The socket of `name`; one that is too long for a socket's path goes by its digest."""
    folder = str(directory.runtime_folder(create=create))
    path = os.path.join(folder, f"{name}{directory.SOCKET_SUFFIX}")
    if len(os.fsencode(path)) > ipc.MAX_PATH_BYTES:
        path = os.path.join(folder, f"{hashlib.sha256(name.encode()).hexdigest()[:16]}{directory.SOCKET_SUFFIX}")
    return path
