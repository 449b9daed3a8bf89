"""A page that is served, and programs that look at it as browsers do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Protocol, Self

import pytest
from websockets.sync.client import connect

from framebus.web.page import Page
from framebus.web.page_messages import Picture, unpack
from framebus.web.server import Listening, Server

TOKEN = "a-token-of-32-letters-0123456789"  # noqa: S105
LOOKS = "another-token-for-those-who-look"
OPERATES = "one-more-token-for-who-operates"
PATIENCE_S = 30.0


class Serve(Protocol):
    """`serve("synthetic:", …)`: a page in this process, on a free port."""

    def __call__(self, *places: str, token: str | None = ..., listen: str = ..., **wishes: Any) -> Server:
        """Start it."""
        ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve pages; they are closed when the test ends."""
    with ExitStack() as running:

        def start(*places: str, token: str | None = TOKEN, listen: str = "localhost:0", **wishes: Any) -> Server:
            listener = Listening.parse(listen).bound()
            running.callback(listener.close)
            page = Page(*places, token=token, **wishes)
            server = running.enter_context(Server(page, listener))
            server.start()
            return server

        yield start


class Watcher:
    """A page as a program: sees streams, watches tiles, acknowledges when told to."""

    def __init__(self, server: Server, *, acknowledges: bool = True) -> None:
        self.streams: dict[str, dict[str, Any]] = {}
        self.acknowledges = acknowledges
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self._open = ExitStack()
        self.line = self._open.enter_context(
            connect(f"ws://localhost:{server.port}/ws", additional_headers=headers, max_size=None, compression=None)
        )

    def say(self, **wish: Any) -> None:
        """Send a wish."""
        self.line.send(json.dumps(wish))

    def watch(self, stream: str, tile: int = 1, **wish: Any) -> None:
        """Watch a stream once it is there."""
        self.until(lambda: stream in self.streams)
        self.say(op="watch", tile=tile, stream=stream, **wish)

    def next(self) -> tuple[Picture, int, int, int]:
        """The next picture, its tile and number, and how many were left out before it."""
        while True:
            message = self.line.recv(timeout=PATIENCE_S)
            if isinstance(message, str):
                self._hear(message)
                continue
            found = unpack(message)
            if self.acknowledges:
                self.say(op="seen", tiles={found[1]: found[2]})
            return found

    def until(self, condition: Callable[[], bool]) -> None:
        """Listen until `condition` holds."""
        while not condition():
            self.listen()

    def listen(self) -> None:
        """Take the next message, whatever it is."""
        message = self.line.recv(timeout=PATIENCE_S)
        if isinstance(message, str):
            self._hear(message)

    def close(self) -> None:
        """Close the page."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _hear(self, message: str) -> None:
        told = json.loads(message)
        if told["op"] == "streams":
            self.streams = {stream["name"]: stream for stream in told["streams"]}


def get(server: Server, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """The answer to a GET with the token: status, body, headers."""
    return ask(server, "GET", path, **headers)


def ask(
    server: Server, method: str, path: str, content: Any = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """The answer to a request with the token, and `content` as JSON: status, body, headers."""
    sent = {"Authorization": f"Bearer {TOKEN}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if content is None else json.dumps(content).encode()
    if data is not None:
        sent.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(f"http://localhost:{server.port}{path}", data, sent, method=method)
    opener = urllib.request.build_opener(_Stay())
    try:
        with opener.open(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None
