"""A listening ZeroMQ socket with what belongs to it: the watch over those who connect and, on tcp, who may."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

import zmq

from framebus.core.hosts import Peer
from framebus.links import sockets, zap
from framebus.links.doorman import on_duty
from framebus.links.guard import Guard
from framebus.links.keys import KeyPair, KeyStore

_DEAF = (zmq.PUB, zmq.PUSH)


class Guarded(NamedTuple):
    """The socket, its guard, and the admission domain to unregister when it is closed."""

    socket: sockets.Socket
    guard: Guard
    domain: str


def guarded(
    peer: Peer,
    policy: KeyStore | zap.Policy,
    *,
    kind: int = zmq.ROUTER,
    queue: int,
    max_bytes: int = sockets.MAX_FRAME_BYTES,
    prepare: Callable[[sockets.Socket], object] = lambda socket: None,
) -> Guarded:
    """A socket of `kind` bound to `peer`, which lets in whom `policy` does; a key store makes it want keys.

    `prepare` gets it while nobody can have connected yet; the rest is as in `sockets.listener`, and so is what it
    raises.
    """
    domain = secrets.token_hex(8)
    keys = policy.own() if isinstance(policy, KeyStore) else None
    address = f"tcp://{peer}" if peer.host else f"tcp://*:{peer.port}"
    on_duty().register(domain, policy)
    try:
        socket, guard = watched(
            address, kind=kind, keys=keys, domain=domain, max_bytes=max_bytes, queue=queue, prepare=prepare
        )
    except BaseException:
        on_duty().unregister(domain)
        raise
    return Guarded(socket, guard, domain)


def watched(
    address: str,
    *,
    kind: int = zmq.ROUTER,
    queue: int,
    max_bytes: int = sockets.MAX_FRAME_BYTES,
    keys: KeyPair | None = None,
    domain: str = "",
    prepare: Callable[[sockets.Socket], object] = lambda socket: None,
) -> tuple[sockets.Socket, Guard]:
    """A socket of `sockets.listener`, and the guard that has seen all its connections: it was there before them."""
    guards: list[Guard] = []

    def before_binding(socket: sockets.Socket) -> None:
        tcp, hears = address.startswith("tcp"), kind not in _DEAF
        guards.append(Guard(socket, encrypted=keys is not None, tcp=tcp, hears=hears))
        prepare(socket)

    try:
        socket = sockets.listener(
            address,
            kind=kind,
            keys=keys,
            domain=domain,
            max_bytes=max_bytes,
            queue=queue,
            before_binding=before_binding,
        )
    except BaseException:
        for guard in guards:
            guard.close()
        raise
    return socket, guards[0]
