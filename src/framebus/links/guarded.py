"""A listening ZeroMQ socket on tcp with what belongs to it: who may connect, and the watch over those who do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

import zmq

from framebus.core.hosts import Peer
from framebus.links import sockets, zap
from framebus.links.doorman import on_duty
from framebus.links.guard import Guard
from framebus.links.keys import KeyStore


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
    guards: list[Guard] = []
    keys = policy.own() if isinstance(policy, KeyStore) else None

    def before_binding(socket: sockets.Socket) -> None:
        guards.append(Guard(socket, encrypted=keys is not None))
        prepare(socket)

    on_duty().register(domain, policy)
    try:
        socket = sockets.listener(
            f"tcp://{peer}" if peer.host else f"tcp://*:{peer.port}",
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
        on_duty().unregister(domain)
        raise
    return Guarded(socket, guards[0], domain)
