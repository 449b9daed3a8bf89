"""A server that says what it is told to, whatever it is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress


class Scripted:
    """Answers each read with the next of `answers`, then waits until the other side leaves; a context manager.

    None hangs up.
    """

    def __init__(self, answers: Sequence[bytes | None]) -> None:
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="scripted server")
        self.url = f"rtsp://me:geheim@127.0.0.1:{self._listener.getsockname()[1]}/cam"

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        with connection:
            for answer in self._answers:
                if not self._answer(connection, answer):
                    return
            with suppress(ConnectionError):
                while connection.recv(4096):
                    pass

    def _answer(self, connection: socket.socket, answer: bytes | None) -> bool:
        try:
            heard = connection.recv(65536)
            if heard and answer is not None:
                connection.sendall(answer)
            return bool(heard) and answer is not None
        except OSError:
            return False
