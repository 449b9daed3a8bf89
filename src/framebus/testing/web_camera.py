"""A camera for tests that shows pictures over HTTP, to whoever has the password."""

from __future__ import annotations

import base64
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Self


class WebCamera:
    """Serves one JPEG again and again as MJPEG, at `url`, asking for `user` and `password`; a context manager."""

    __test__ = False  # pytest: no test class

    def __init__(self, jpeg: bytes, user: str, password: str, fps: float = 20) -> None:
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(jpeg, f"Basic {login}", self._over, 1 / fps))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _handler(jpeg: bytes, login: str, over: threading.Event, pause_s: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != login:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
            self.end_headers()
            head = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
            with suppress(OSError):
                while not over.wait(pause_s):
                    self.wfile.write(head + jpeg + b"\r\n")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
