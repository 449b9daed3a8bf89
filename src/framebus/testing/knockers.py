"""Who has no key that counts and knocks at a listener with keys all the same, and the ways that lead there."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

import numpy as np
import zmq

import framebus as fb
from framebus.links.keys import ClientKeys, KeyStore
from framebus.testing import raw_zmtp
from framebus.testing.between import Impostor, Wire
from framebus.wire import control, header

MARK = bytes(range(32, 64)) * 3
"""What is in every picture: where it is read, somebody got one."""
IMAGE = np.frombuffer(MARK, np.uint8).reshape(4, 8, 3)


class Way:
    """To one listener with keys, from machines that each have a wire, and so an address of it, to themselves.

    All their keys are in the store of this process, which is asked again whenever somebody dials again.
    """

    def __init__(self, folder: Path, port: int, chance: random.Random) -> None:
        self.hub = KeyStore(folder / "listener")
        self.port = port
        self.everywhere = f"tcp://:{self.port}"
        self.wires: dict[str, Wire] = {}
        self._chance = chance
        self._other = KeyStore(folder / "another listener")
        self._open = ExitStack()
        self.hub.invite("somebody", "tcp://127.0.0.1")  # now it has keys

    def __enter__(self) -> Way:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def plain(self, who: str) -> str:
        """The address for somebody without a key."""
        wire = self.wires[who] = self._open.enter_context(Wire(self.port, self._chance))
        return f"tcp://127.0.0.1:{wire.port}"

    def invited(self, who: str, address: str = "") -> str:
        """The address for somebody who joined."""
        return self._joined(self.hub, who, address)

    def sent_away(self, who: str) -> str:
        """The address for somebody who joined, and whose key was taken away."""
        address = self.invited(who)
        self.hub.revoke(who)
        return address

    def elsewhere(self, who: str) -> str:
        """The address for somebody who joined another listener."""
        return self._joined(self._other, who, "")

    def _joined(self, store: KeyStore, who: str, address: str) -> str:
        address = address or self.plain(who)
        KeyStore().join(store.invite(who, "tcp://127.0.0.1"), address)
        return address


class Knocker(Protocol):
    """Somebody without a key that counts."""

    name: str
    tries: int

    @property
    def got(self) -> int:
        """Messages of which it could read anything."""
        ...

    def knock(self) -> None:
        """Offer a frame, and ask for one."""
        ...


def knockers(way: Way, stack: ExitStack) -> list[Knocker]:
    own = way.hub.own()
    assert own is not None
    public, secret = (key.decode() for key in zmq.curve_keypair())
    forged = ClientKeys(own.public, public, secret)
    direct = f"tcp://127.0.0.1:{way.port}"
    impostor = Impostor(direct, own.public)
    stack.callback(impostor.close)
    return [
        Framebus("framebus without a key", way.plain("nobody"), stack),
        Framebus("framebus with a key of elsewhere", way.elsewhere("lost"), stack),
        Framebus("framebus with a key of before", way.sent_away("gone"), stack),
        Framebus("who is deceived", way.invited("deceived", f"tcp://127.0.0.1:{impostor.port}"), stack),
        Deceiver(impostor),
        *(Plain(direct, kind, keys, stack) for kind in _KINDS for keys in (None, forged)),
        Raw("ZeroMQ by hand", way.port, _by_hand),
        Raw("ZeroMQ's first protocol", way.port, _of_old),
    ]


_KINDS = (zmq.DEALER, zmq.REQ, zmq.SUB, zmq.PUSH, zmq.PULL)


class Framebus:
    """Our own package."""

    def __init__(self, name: str, address: str, stack: ExitStack) -> None:
        self.name, self.tries, self.got = name, 0, 0
        self._out = fb.publish(f"{address}/stranger", listen=False, when_full="skip")
        stack.callback(self._out.abandon)
        self._source = stack.enter_context(fb.open(address, listen=False))

    def knock(self) -> None:
        self.tries += 1
        with suppress(fb.Error):
            self._out.send(IMAGE)
        with suppress(fb.Error):
            self._source.read(timeout=0.001)
            self.got += 1


def _frame() -> list[bytes]:
    return [bytes(part) for part in header.encode(fb.Frame.of(IMAGE, stream="stranger"))]


def _asked() -> list[bytes]:
    """What asks for frames, with a session and without."""
    said: list[control.Message]
    hello = control.Hello(role="reader", session="00000000000000ab", window_bytes=10**6, want=("*",))
    said = [control.Credit(100, want="*"), hello, control.Credit(100, want=""), control.Observe()]
    return [control.encode(one) for one in said]


class Plain:
    """A socket of ZeroMQ, without keys or with some that it made up."""

    def __init__(self, address: str, kind: int, keys: ClientKeys | None, stack: ExitStack) -> None:
        self.name = f"ZeroMQ's {zmq.SocketType(kind).name} {'with a forged key' if keys else 'without keys'}"
        self.tries = self.got = 0
        context = zmq.Context()
        stack.callback(context.destroy, 0)
        self._socket = context.socket(kind)
        self._socket.linger = 0
        if keys:
            self._socket.curve_serverkey = keys.server_public.encode()
            self._socket.curve_publickey = keys.client_public.encode()
            self._socket.curve_secretkey = keys.client_secret.encode()
        if kind == zmq.SUB:
            self._socket.subscribe(b"")
        self._socket.connect(address)

    def knock(self) -> None:
        self.tries += 1
        for parts in (_frame(), *([one] for one in _asked())):
            with suppress(zmq.ZMQError):
                self._socket.send_multipart(parts, zmq.NOBLOCK)
        with suppress(zmq.ZMQError):
            self._socket.recv_multipart(zmq.NOBLOCK)
            self.got += 1


class Raw:
    """Bytes over TCP."""

    def __init__(self, name: str, port: int, say: Callable[[socket.socket], None]) -> None:
        self.name, self.tries, self.got = name, 0, 0
        self._port = port
        self._say = say

    def knock(self) -> None:
        self.tries += 1
        heard = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as line:
            line.settimeout(0.02)
            with suppress(OSError):
                self._say(line)
            while said := line.recv(65536):
                heard += said
        self.got += MARK in heard or b'"fb":' in heard


def _by_hand(line: socket.socket) -> None:
    ready = bytes([4, len(raw_zmtp.READY)]) + raw_zmtp.READY
    line.sendall(raw_zmtp.GREETING + ready)
    line.sendall(raw_zmtp.message(_frame()) + b"".join(raw_zmtp.message([one]) for one in _asked()))


def _of_old(line: socket.socket) -> None:
    line.sendall(raw_zmtp.OLD + raw_zmtp.old_message(_frame()))
    line.sendall(b"".join(raw_zmtp.old_message([one]) for one in _asked()))


class Deceiver:
    """Between a friend and the listener, with a key of its own."""

    def __init__(self, impostor: Impostor) -> None:
        self.name, self.tries = "who pretends to be the listener", 0
        self._impostor = impostor

    @property
    def got(self) -> int:
        return self._impostor.heard

    def knock(self) -> None:
        self.tries += 1
        self._impostor.drive()
