"""Who may connect over tcp: ZeroMQ asks for every connection, and our own loop answers.

`zap.decide` is the rule; here are what feeds it (the key store, re-read when it changes) and the socket it is asked
over, one per process. It fails closed: no connection gets in while nobody calls `drive()`, nor for a domain that is
not registered.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import zmq

from framebus.core.errors import Unavailable
from framebus.core.hosts import is_loopback
from framebus.links import sockets, zap
from framebus.links.forbidden import Forbidden
from framebus.links.keys import ALL_RIGHTS, Client, KeyStore, Rights, Stamp
from framebus.links.reminder import Reminder

ENDPOINT = "inproc://zeromq.zap.01"


class Refusal(NamedTuple):
    """A connection that was not let in: to which domain, from which address, why."""

    domain: str
    address: str
    reason: str


class Admission:
    """The answering socket and the policies of this process's tcp listeners.

    Any thread may call any method.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serving = threading.Lock()
        self._reminder = Reminder()
        self._domains: dict[str, _Domain] = {}
        self._socket: sockets.Socket = sockets.context().socket(zmq.ROUTER)
        self._socket.set(zmq.LINGER, 0)
        self._socket.set(zmq.SNDHWM, 0)
        self._socket.set(zmq.RCVHWM, 0)
        try:
            self._socket.bind(ENDPOINT)
        except zmq.ZMQError:
            self._socket.close(0)
            raise

    def fileno(self) -> int:
        """ZeroMQ's edge-triggered descriptor: readable when `drive()` may have something to do."""
        return int(self._socket.get(zmq.FD))

    def register(self, domain: str, policy: zap.Policy | KeyStore) -> None:
        """Hold connections of `domain` against `policy`; a key store is read again whenever it changes."""
        with self._lock:
            self._domains[domain] = _Domain(policy)

    def unregister(self, domain: str) -> None:
        """Let nobody in to `domain` any more; connections that exist are the endpoint's to close."""
        with self._lock:
            self._domains.pop(domain, None)

    def rights(self, domain: str, user: str) -> Rights:
        """What `user` (a message's User-Id) may do now: everything where no keys are used, nothing once revoked."""
        with self._lock:
            known = self._domains.get(domain)
            return known.rights(user) if known else Rights()

    def revoked(self, domain: str) -> frozenset[str]:
        """Users whose key was let in to `domain` and is not allowed any more, each told once: cut them.

        Costs one look at a file's date; call it about once a second.
        """
        with self._lock:
            known = self._domains.get(domain)
            return known.revoked() if known else frozenset()

    def drive(self) -> list[Refusal]:
        """Answer every waiting request; what was refused, the same thing once a minute at most.

        Never raises for what a peer sent.
        """
        refused: list[Refusal] = []
        with self._serving:
            while not self._socket.closed and (parts := self._receive()) is not None:
                refusal = self._answer(parts)
                if refusal is not None and (told := self._worth_telling(refusal)) is not None:
                    refused.append(told)
        return refused

    def close(self) -> None:
        """Stop answering: from now on nobody new gets in."""
        with self._serving:
            self._socket.close(0)

    def _receive(self) -> list[bytes] | None:
        try:
            return self._socket.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return None

    def _answer(self, parts: list[bytes]) -> Refusal | None:
        """A request is a routing id, an empty part, then RFC 27's own parts."""
        route, body = parts[0], parts[2:]
        request = zap.parse(body)
        domain = request.domain if request else ""
        with self._lock:
            known = self._domains.get(domain)
            answer = known.answer(request) if known else zap.decide(request, _UNKNOWN)
        number = body[1] if len(body) > 1 else b""
        try:
            self._socket.send_multipart([route, b"", *answer.parts(number)], zmq.DONTWAIT)
        except zmq.ZMQError:  # the connection has gone meanwhile
            return None
        return None if answer.allowed else Refusal(domain, request.address if request else "", answer.reason)

    def _worth_telling(self, refusal: Refusal) -> Refusal | None:
        said = self._reminder.say(refusal.domain, refusal.address, refusal.reason, time.monotonic())
        return refusal._replace(reason=said) if said else None


_UNKNOWN = zap.Nobody("nothing listens here any more")


class _Domain:
    """One listener's policy, and whom it let in."""

    def __init__(self, policy: zap.Policy | KeyStore) -> None:
        self._store = policy if isinstance(policy, KeyStore) else None
        self._policy: zap.Policy = zap.Nobody("no keys yet") if isinstance(policy, KeyStore) else policy
        self._stamp: Stamp = (0, 0, 0)
        self._admitted: dict[str, str] = {}  # public key -> name

    def answer(self, request: zap.ZapRequest | None) -> zap.ZapAnswer:
        answer = zap.decide(request, self._current())
        if answer.user and request is not None:
            self._admitted[request.key] = answer.user
        return answer

    def rights(self, user: str) -> Rights:
        if self._store is None:
            return ALL_RIGHTS
        return next((client.rights for client in self._clients().values() if client.name == user), Rights())

    def revoked(self) -> frozenset[str]:
        if not self._admitted:
            return frozenset()
        clients = self._clients()
        gone = {key: name for key, name in self._admitted.items() if key not in clients}
        for key in gone:
            del self._admitted[key]
        return frozenset(gone.values())

    def _clients(self) -> dict[str, Client]:
        policy = self._current()
        return dict(policy.clients) if isinstance(policy, zap.Allowed) else {}

    def _current(self) -> zap.Policy:
        """The policy, read again if the store's list changed; a list that cannot be read lets nobody in."""
        if self._store is not None and (stamp := self._store.clients_stamp()) != self._stamp:
            self._stamp = stamp
            try:
                self._policy = zap.Allowed({client.public: client for client in self._store.clients()})
            except Unavailable as error:
                self._policy = zap.Nobody(f"the list of clients cannot be read ({error})")
            if self._store.clients_stamp() != stamp:  # replaced meanwhile: what was read may be of either
                self._stamp = (0, 0, 0)
        return self._policy


class _Process:
    """The admission of this process; a forked child has none of its parent's."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.admission: Admission | None = None
        self.inherited: list[Admission | None] = []

    def forget(self) -> None:
        self.inherited.append(self.admission)
        self.admission = None
        self.lock = threading.Lock()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


def admission() -> Admission:
    """This process's admission, made on first use; the reactor serves it."""
    with _process.lock:
        if _process.admission is None:
            _process.admission = Admission()
        return _process.admission


def require_admission(
    host: str, keys: KeyStore, insecure: bool = False, allow: Sequence[str] = ()
) -> zap.Policy | KeyStore:
    """Who may come in where a link listens on `host`; what `Admission.register` takes.

    Loopback: every user of this machine. Elsewhere: the addresses in `allow`, or everybody if `insecure`, or the
    holders of keys once there are any. Otherwise raises `Forbidden`, because nothing has been said about who may
    connect; the text gives the lines that do.
    """
    if is_loopback(host):
        return zap.Loopback()
    if allow:
        return zap.Networks.of(allow)
    if insecure:
        return zap.Everybody()
    if keys.own() is not None:
        return keys
    where = f"on {host}" if host not in ("", "*") else "to the network"
    raise Forbidden(
        f"listening {where} needs to know who may connect:\n"
        "  framebus keys invite NAME    lets one machine in, encrypted; run `framebus keys join` there\n"
        "  insecure=True (--insecure)   lets in anybody who can reach the port, unencrypted\n"
        "Programs that speak plain ZeroMQ cannot use keys: for them insecure=True (--insecure), or allow='ADDRESS' "
        "(--allow ADDRESS)."
    )
