"""HTTP cameras for tests: answer as the test says, one connection per thread, and hang where it says so."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 20.0
CERTIFICATE = Path(__file__).parents[1] / "rtsp" / "camera.pem"
"""Of a camera that signed it itself."""


class Call:
    """One request: its head, and the ways to answer."""

    def __init__(self, connection: socket.socket, head: str, over: threading.Event) -> None:
        lines = head.split("\r\n")
        self.target = lines[0].split(" ")[1]
        self.fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        self._connection = connection
        self._over = over

    def say(self, data: bytes) -> None:
        """Send this."""
        self._connection.sendall(data)

    def answer(self, status: str, body: bytes = b"", **fields: str) -> None:
        """A whole response; keeps the connection open."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.say(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)

    def begin(self, kind: str = "multipart/x-mixed-replace; boundary=--pic") -> None:
        """The head of a response whose body follows until the connection ends."""
        self.say(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())

    def part(self, data: bytes) -> None:
        """One picture of a body that began."""
        self.say(b"--pic\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(data), data))

    def hang(self) -> None:
        """Until the server is closed, or the other side goes."""
        self._connection.settimeout(0.05)
        while not self._over.is_set():
            try:
                if not self._connection.recv(1):
                    return
            except TimeoutError:
                continue


@contextmanager
def serving(handle: Callable[[Call], None], *, tls: bool = False) -> Iterator[str]:
    """`http://127.0.0.1:PORT` (or `https`), where each request is answered by `handle`."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def converse(raw: socket.socket) -> None:
        try:
            connection = _secured(raw) if tls else raw
        except OSError:  # refused by the other side
            raw.close()
            return
        with connection:
            data = b""
            while not over.is_set():
                while b"\r\n\r\n" not in data:
                    try:
                        piece = connection.recv(4096)
                    except OSError:
                        return
                    if not piece:
                        return
                    data += piece
                head, _, data = data.partition(b"\r\n\r\n")
                try:
                    handle(Call(connection, head.decode(), over))
                except OSError:  # the other side has gone
                    return
                if b"HTTP/1.0" in head:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE_S)
            threads.append(threading.Thread(target=converse, args=(connection,), name="http camera"))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, name="http cameras")
    acceptor.start()
    try:
        yield f"http{'s' * tls}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [acceptor, *threads]:
            thread.join(PATIENCE_S)


def _secured(raw: socket.socket) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context.wrap_socket(raw, server_side=True)
