"""A server for the page, in a thread of its own: from the listening socket to the last goodbye."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from framebus.core.closing import Closing
from framebus.core.errors import OptionError, Unavailable
from framebus.links.forbidden import unavailable
from framebus.web import event_loop
from framebus.web.page import Page, require_packages
from framebus.web.ways import Role

if TYPE_CHECKING:
    from framebus.web.calm import Calm

LISTEN = "localhost:8080"
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.*-]*):(?P<port>\d{1,5})")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("", "*", "0.0.0.0")  # noqa: S104  (said, not bound)
_TCP_NOTSENT_LOWAT = 25
UNSENT_BYTES = 128 * 1024
"""What of a connection waits in the kernel, at most: whoever is slow is sent newer pictures instead of old ones."""


class Listening(NamedTuple):
    """Where a server listens."""

    host: str
    """Empty: all networks."""
    port: int

    @classmethod
    def parse(cls, text: str) -> Listening:
        """`localhost:8080`, `:8080` for all networks, `192.168.1.5:80`, `[::1]:8080`. Raises `OptionError`."""
        found = _PLACE.fullmatch(text.strip())
        if found is None or int(found["port"]) > 65_535:
            raise OptionError(f"listen={text!r}: give HOST:PORT as in {LISTEN}, or :8080 for all networks")
        host = found["host"].strip("[]")
        return cls("" if host in _EVERYWHERE else host, int(found["port"]))

    @property
    def local(self) -> bool:
        """Whether only programs of this machine reach it."""
        return self.host in _LOCAL

    def bound(self) -> socket.socket:
        """A socket that listens there; raises `Unavailable` where that is not possible."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # asyncio has what it takes to be TCP sent at once; with the protocol left open small things wait for each other
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform == "linux":  # those that are accepted have it from the one that listens
                listener.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            listener.bind((self.host, self.port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            text = (
                f"the page cannot listen at {self.host or '*'}:{self.port}, {error.strerror or error}: is a page open "
                "there already? listen='localhost:0' (--listen localhost:0) takes a free port"
            )
            raise unavailable(error.errno, text) from error
        return listener


class Server(Closing):
    """Serves what `make(port)` gives at `listening`, from `start()` to `close()`, which closes the page as well.

    certificate, key   PEM files: it is `https://` then, which browsers want for WebCodecs on other machines

    Raises `OptionError` and `Unavailable`. Thread-safe.
    """

    def __init__(
        self,
        page: Page,
        listener: socket.socket,
        *,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
    ) -> None:
        require_packages()
        self.page = page
        self.port: int = listener.getsockname()[1]
        self.scheme = "https" if certificate else "http"
        self._listener = listener
        self._server = _server(page, certificate, key)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framebus-web server", daemon=True)

    def url(self, host: str = "localhost", role: Role = Role.ADMIN) -> str:
        """The link to open for somebody who is `role`, with its token."""
        token = next((token for token, known in self.page.guard.tokens.items() if known is role), "")
        return f"{self.scheme}://{host}:{self.port}/" + (f"?token={token}" if token else "")

    @property
    def running(self) -> bool:
        """True from `start` until it has ended, whatever for."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve; returns once it does."""
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Say goodbye to all pages and stop; idempotent."""
        self._server.end()
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()
        self.page.close()

    def _run(self) -> None:
        try:
            event_loop.run(self._serve())
        finally:
            self._ready.set()  # who waits for it sees that it does not run

    async def _serve(self) -> None:
        self.page.wall.begin()
        self._ready.set()  # the socket listens already: who connects now is answered in a moment
        try:
            await self._server.serve([self._listener])
        finally:
            self.page.wall.rest()


def _server(page: Page, certificate: str | Path | None, key: str | Path | None) -> Calm:
    from framebus.web import calm

    try:
        server = calm.of(page.app, certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(f"the certificate {certificate} cannot be used: {error}") from error
    if bool(key) and not certificate:
        raise OptionError("a key needs its certificate: give both, as PEM files")
    return server
