"""Somebody between two ends of a connection: notes what passes, damages it, or pretends to be the other side."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from typing import Self

import zmq

_CHUNK = 65536


class Wire:
    """A TCP port that passes bytes on to another one, both ways; a context manager.

    `said` is what passed. `damage` is how often a piece of it is changed, from 0 to 1.
    """

    def __init__(self, to_port: int, chance: random.Random) -> None:
        self.damage = 0.0
        self.damaged = 0
        self._to_port = to_port
        self._chance = chance
        self._said: list[bytes] = []
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *error: object) -> None:
        _shut(self._listener)
        self._threads[0].join()
        for line in self._lines:
            _shut(line)
        for thread in self._threads[1:]:
            thread.join()

    @property
    def said(self) -> bytes:
        """Everything that passed so far."""
        return b"".join(self._said)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._lines.append(here)
                try:
                    there = socket.create_connection(("127.0.0.1", self._to_port))
                except OSError:  # nobody is there yet: as if the line were dead
                    _shut(here)
                    continue
                self._lines.append(there)
                self._start(self._pass_on, here, there)
                self._start(self._pass_on, there, here)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if len(self._said) < 2000:
                    self._said.append(data)
                target.sendall(self._changed(data))
        _shut(source)
        _shut(target)

    def _changed(self, data: bytes) -> bytes:
        if self._chance.random() >= self.damage:
            return data
        self.damaged += 1
        at = self._chance.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._chance.randrange(8)]) + data[at + 1 :]


class Impostor:
    """Listens with a key of its own, as if it were the listener with `public`, and would pass on what it hears.

    `heard` is how many messages it could read. Used by one thread.
    """

    def __init__(self, to: str, public: str) -> None:
        self.heard = 0
        self._context = zmq.Context()
        self._here, self._there = self._context.socket(zmq.ROUTER), self._context.socket(zmq.DEALER)
        own, secret = zmq.curve_keypair()
        for end in (self._here, self._there):
            end.linger = 0
            end.curve_publickey, end.curve_secretkey = own, secret
        self._here.curve_server = True
        self.port: int = self._here.bind_to_random_port("tcp://127.0.0.1")
        self._there.curve_serverkey = public.encode()
        self._there.connect(to)

    def drive(self) -> None:
        """Pass on what is there, both ways."""
        for source, target in ((self._here, self._there), (self._there, self._here)):
            with contextlib.suppress(zmq.ZMQError):
                while True:
                    parts = source.recv_multipart(zmq.NOBLOCK)
                    self.heard += 1
                    target.send_multipart(parts, zmq.NOBLOCK)

    def close(self) -> None:
        """Vanish."""
        self._context.destroy(0)


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
