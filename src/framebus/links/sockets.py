"""The one place where ZeroMQ sockets are made, so that every one of them has the options it needs.

What the options are for:

- `LINGER` 0: closing never waits for a peer. What must arrive is acknowledged by the session.
- `ROUTER_MANDATORY`: sending to a peer that has gone is an error, not a silent loss.
- `IMMEDIATE`: nothing is queued for a connection that does not exist yet.
- `SNDHWM`, `RCVHWM` 0: credit bounds what native peers send and the guard bounds everybody else; ZeroMQ's own
  marks count messages, not bytes, and would drop or block where the session has already given permission.
- heartbeats every second, three without an answer end a connection: a pulled cable is noticed in about 3 s.
- `ZAP_ENFORCE_DOMAIN`: when our admission does not answer, nobody gets in. It also refuses ZMTP/1.0 and 2.0, in
  which any bytes at all (an HTTP request) would count as a message.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import zmq

from framebus.core.errors import AddressError, Unavailable
from framebus.links import binding, directory, ports
from framebus.links.connection import KEEPALIVE_S
from framebus.links.keys import ClientKeys, KeyPair
from framebus.links.leaving import free_last
from framebus.links.preparing import prepare

MAX_FRAME_BYTES = 256_000_000
MAX_HEADER_BYTES = 64 * 1024
MAX_SOCKETS = 16_384
BACKLOG = 1024
HEARTBEAT_MS = 1000
SILENCE_MS = 3000
CONNECT_MS = 1000
HANDSHAKE_MS = 3000
RECONNECT_MS = 20
RECONNECT_MAX_MS = 1000
CLOSING_S = 1.0
LINGER_MS = 300
"""What was sent may take so long to leave when the process ends."""

Context = zmq.Context[zmq.Socket[bytes]]
Socket = zmq.Socket[bytes]


class _Process:
    """What this process shares; a forked child starts with nothing and never touches its parent's."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.context: Context | None = None
        self.inherited: list[Context | None] = []  # kept, so that no finalizer terminates the parent's in a child

    def forget(self) -> None:
        self.inherited.append(self.context)
        self.context = None
        self.lock = threading.Lock()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


def context() -> Context:
    """This process's ZeroMQ context: made on first use and never shared with a forked child."""
    with _process.lock:
        if _process.context is None:
            prepare()
            fresh: Context = zmq.Context()
            fresh.set(zmq.IO_THREADS, 1)
            fresh.set(zmq.MAX_SOCKETS, MAX_SOCKETS)
            _process.context = fresh
            free_last(partial(fresh.destroy, LINGER_MS))
        return _process.context


def listener(
    address: str,
    *,
    kind: int = zmq.ROUTER,
    keys: KeyPair | None = None,
    domain: str = "",
    max_bytes: int = MAX_FRAME_BYTES,
    queue: int = 0,
    before_binding: Callable[[Socket], None] = lambda socket: None,
) -> Socket:
    """A socket bound to `tcp://HOST:PORT` or `inproc://NAME`; `bound_to` says where exactly.

    `keys` makes it accept encrypted connections only. On tcp `domain` names the admission policy that every
    connection is held against and must not be empty. `max_bytes` limits one part of a message, `queue` the number of
    messages held per peer inside ZeroMQ (0: no limit, for peers that are held to credit). `before_binding` gets the
    socket while nobody can have connected to it yet, which is when to start watching it.

    Raises `Unavailable` when the address cannot be had, saying who has it, and `AddressError` when it can never be.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "tcp" and not domain:
        raise ValueError("a tcp listener needs the domain of its admission policy")
    socket = _socket(kind, max_bytes, queue)
    try:
        if kind == zmq.ROUTER:
            socket.set(zmq.ROUTER_MANDATORY, 1)
        socket.set(zmq.BACKLOG, BACKLOG)
        if keys is not None:
            socket.set(zmq.CURVE_SERVER, 1)
            socket.set(zmq.CURVE_SECRETKEY, keys.secret.encode())
        before_binding(socket)
        if scheme == "tcp":
            socket.set(zmq.ZAP_DOMAIN, domain.encode())
            socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)
            _bind_tcp(socket, rest)
        else:
            _bind(socket, address)
    except BaseException:
        socket.close(0)
        raise
    return socket


def dialler(
    addresses: str | Sequence[str],
    *,
    kind: int = zmq.DEALER,
    keys: ClientKeys | None = None,
    probe: bool = True,
    max_bytes: int = MAX_FRAME_BYTES,
    queue: int = 0,
) -> Socket:
    """A socket that connects to `addresses` and keeps trying, every 20 ms at first and every second at last.

    With `keys` the connection is encrypted and to the owner of `keys.server_public` or not at all. `probe` sends an
    empty message whenever a connection is made, so that a native listener knows its peer at once. `max_bytes` and
    `queue` as for `listener`. Raises `AddressError` for an address that cannot be connected to.
    """
    socket = _socket(kind, max_bytes, queue)
    try:
        if kind == zmq.DEALER:
            socket.set(zmq.PROBE_ROUTER, int(probe))
        socket.set(zmq.IMMEDIATE, 1)
        if keys is not None:
            socket.set(zmq.CURVE_SERVERKEY, keys.server_public.encode())
            socket.set(zmq.CURVE_PUBLICKEY, keys.client_public.encode())
            socket.set(zmq.CURVE_SECRETKEY, keys.client_secret.encode())
        for address in [addresses] if isinstance(addresses, str) else addresses:
            connect(socket, address)
    except BaseException:
        socket.close(0)
        raise
    return socket


def connect(socket: Socket, address: str) -> None:
    """Connect `socket` to `address`; also again, after ZeroMQ gave up because the peer refused us."""
    scheme, _, rest = address.partition("://")
    if scheme == "tcp":
        socket.set(zmq.IPV6, int("[" in rest))
        if rest.startswith((":", "*:")):
            raise AddressError(f"cannot connect to {address}: it names no machine")
    try:
        socket.connect(address)
    except zmq.ZMQError as error:
        raise AddressError(f"cannot connect to {address}: {_reason(error)}") from error


def bound_to(socket: Socket) -> str:
    """The address a listener is bound to, with the port the system chose; empty for a socket that is not bound."""
    address = socket.get(zmq.LAST_ENDPOINT)
    return address.rstrip(b"\0").decode() if isinstance(address, bytes) else ""


def _socket(kind: int, max_bytes: int, queue: int) -> Socket:
    try:
        socket: Socket = context().socket(kind)
    except zmq.ZMQError as error:
        raise Unavailable(
            f"no socket can be opened: {_reason(error)}; close some links or raise the limit (ulimit -n)"
        ) from error
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.SNDHWM, queue)
    socket.set(zmq.RCVHWM, queue)
    socket.set(zmq.MAXMSGSIZE, max_bytes + MAX_HEADER_BYTES)
    socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.set(zmq.HEARTBEAT_TIMEOUT, SILENCE_MS)
    socket.set(zmq.HEARTBEAT_TTL, SILENCE_MS)
    socket.set(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
    socket.set(zmq.CONNECT_TIMEOUT, CONNECT_MS)
    socket.set(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.set(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    socket.set(zmq.TCP_KEEPALIVE, 1)
    socket.set(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE_S)
    return socket


def _bind_tcp(socket: Socket, rest: str) -> None:
    host, _, port = rest.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise AddressError(f"tcp://{rest}: a listener needs a port from 0 to 65535 (tcp://{host or rest}:5555)")
    bare = binding.numeric(host.strip("[]"))
    socket.set(zmq.IPV6, int(":" in bare))
    target = f"[{bare}]" if ":" in bare else bare
    deadline = time.monotonic() + CLOSING_S
    while True:
        try:
            socket.bind(f"tcp://{target}:{port}")
            return
        except zmq.ZMQError as error:
            closing = error.errno == zmq.EADDRINUSE and time.monotonic() < deadline and _is_closing(int(port))
            if not closing:
                raise binding.refusal(error.errno, _reason(error), host, int(port)) from error
            time.sleep(0.005)


def _is_closing(port: int) -> bool:
    """True when this very process closed a listener there a moment ago: ZeroMQ gives the port back a little later."""
    listed = any(directory.port_of(record.address) == port and record.listens for record in directory.entries())
    found = None if listed else ports.holder(port)
    return not listed and (found is None or found.pid == os.getpid())


def _bind(socket: Socket, address: str) -> None:
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        raise Unavailable(f"cannot listen on {address}: {_reason(error)}") from error


def _reason(error: zmq.ZMQError) -> str:
    return str(error.strerror or error).lower()
