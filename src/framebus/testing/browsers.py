"""Requests as a browser, another web page, or anybody at all may send them, and who of them is to be let in.

What is allowed is said here once more, on its own, so that it can be held against what a server does.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from typing import NamedTuple

PATIENCE_S = 20.0
SOCKET = "SOCKET"
RANKS = {"": 0, "wrong": 0, "view": 1, "operate": 2, "admin": 3}
"""Who asks, by the token that is shown, and what that is worth."""
HOSTS = ("localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}")
OTHER_HOSTS = (
    *("evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""),
    *("evil.example/localhost", "localhost:{port}x", "[::1", "0x7f.1.evil", "localhost:{port}, evil.example"),
)
OTHER_ORIGINS = (
    *(
        "http://evil.example",
        "null",
        "http://localhost:1",
        "http://localhost",
        "file://",
        "http://evil.localhost:{port}",
    ),
    *("http://localhost:{port}.evil.example", "http://localhost:{port}@evil.example", "evil://localhost:{port}", ""),
)


class Served(NamedTuple):
    """An address that a server has: method, path with placeholders, and the least role that may ask."""

    method: str
    path: str
    role: str


class Ask(NamedTuple):
    """One request."""

    method: str
    path: str
    hosts: tuple[str, ...]
    origin: str | None
    who: str
    """A key of `RANKS`."""
    how: str
    """`bearer` or `cookie`: where the token is."""

    def allowed(self, served: Served, port: int) -> bool:
        """Whether it is to be let in."""
        if self.hosts not in [(host.format(port=port),) for host in HOSTS]:
            return False
        if self.origin is not None and self.origin.lower() != f"http://{self.hosts[0]}".lower():
            return False
        changing = self.method not in ("GET", "HEAD")
        if changing and self.origin is None and not (self.how == "bearer" and self.who):
            return False
        return not served.role or RANKS[self.who] >= RANKS[served.role]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def asks(chance: random.Random, served: Served, port: int, names: Sequence[str]) -> Ask:
    """A request to that address: by anybody, from anywhere, more often nearly right than not at all."""
    path = served.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + chance.choice(names) + rest.partition("}")[2]
    hosts: tuple[str, ...] = (chance.choice(HOSTS if chance.random() < 0.7 else OTHER_HOSTS).format(port=port),)
    if chance.random() < 0.1:
        hosts = chance.choice(((), (*hosts, f"localhost:{port}"), (f"localhost:{port}", "evil.example")))
    own = f"http://{hosts[0]}" if hosts else None
    origin = chance.choice((None, own, chance.choice(OTHER_ORIGINS).format(port=port)))
    method = chance.choice((served.method, "HEAD")) if served.method == "GET" else served.method
    return Ask(method, path, hosts, origin, chance.choice(list(RANKS)), chance.choice(("bearer", "cookie")))


def send(ask: Ask, port: int, tokens: dict[str, str], body: bytes = b"") -> Answer:
    """Ask it, byte for byte; what came back. Of a websocket that opens, only the beginning."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(_written(ask, tokens, body))
        return _read(line, ask.method)


def _written(ask: Ask, tokens: dict[str, str], body: bytes) -> bytes:
    lines = [f"{'GET' if ask.method == SOCKET else ask.method} {ask.path} HTTP/1.1"]
    lines += [f"Host: {host}" for host in ask.hosts]
    lines += [] if ask.origin is None else [f"Origin: {ask.origin}"]
    if ask.who:
        token = tokens[ask.who]
        lines.append(f"Authorization: Bearer {token}" if ask.how == "bearer" else f"Cookie: framebus={token}")
    if ask.method == SOCKET:
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    else:
        lines += ["Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _read(line: socket.socket, method: str) -> Answer:
    said = b""
    while b"\r\n\r\n" not in said and (more := line.recv(65536)):
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ")[1]) if first.startswith("HTTP/1.1 ") else 0
    while status != 101 and len(body) < 1_000_000 and (more := line.recv(65536)):
        body += more
    pairs = (each.partition(":") for each in rest)
    return Answer(status, {name.lower(): value.strip() for name, _, value in pairs}, body)
