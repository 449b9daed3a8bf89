"""One address asked over HTTP: logs in by Basic or Digest, follows redirections, and can be cut off at any moment."""

from __future__ import annotations

import http.client
import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from framebus.core.errors import AddressError, Unavailable
from framebus.core.redaction import redact
from framebus.sources.rtsp.auth import Authorizer
from framebus.sources.rtsp.target import Credentials, unambiguous

MAX_MOVES = 5
_MOVED = (301, 302, 303, 307, 308)
_SAFE = "%/:?#[]@!$&'()*+,;=-._~{}|^"
_HEADERS = {"User-Agent": "framebus", "Accept": "multipart/x-mixed-replace, image/jpeg, */*;q=0.5"}


def split(url: str) -> SplitResult:
    """The parts of an `http` or `https` address; raises `AddressError` for anything else."""
    try:
        parts = unambiguous(urlsplit(url.strip()))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise AddressError(
            f"{redact(url)!r} is not an address of a camera: give http://HOST/PATH; "
            "'/', '?', '#' and '@' in a password are written %2F, %3F, %23, %40"
        )
    return parts


def trusted(old: SplitResult, there: SplitResult) -> bool:
    """Whether the password for `old` may be sent `there`: to the same host, never from TLS to plain."""
    return there.hostname == old.hostname and there.scheme in (old.scheme, "https")


class Web:
    """Asks one address, again and again. One thread asks; `cut` may come from any."""

    def __init__(self, url: str, *, deadline_s: float, verify: bool = True) -> None:
        self.where = redact(url)
        self._deadline_s = deadline_s
        self._verify = verify
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._cut = False
        self._go_to(url)

    @property
    def is_cut(self) -> bool:
        """True after `cut`."""
        return self._cut

    def get(self) -> http.client.HTTPResponse:
        """The response of the address, its body unread; raises `Unavailable` where it is no good one."""
        with self.limited():
            for _ in range(2 * MAX_MOVES):
                response = self._ask()
                if response.status in _MOVED:
                    self._move(response)
                elif response.status == 401:
                    self._log_in(response)
                elif response.status == 200:
                    self._authorizer.accepted()
                    return response
                else:
                    raise Unavailable(f"{self.where} answers {response.status} {response.reason}: {_advice(response)}")
        raise Unavailable(f"{self.where} sends us from one address to the next: check its settings")

    def cut(self) -> None:
        """End whatever is going on, and every later question; from any thread."""
        self._cut = True
        self._break()

    def close(self) -> None:
        """Free everything; by the thread that asks, or when none does."""
        for thing in (self._response, self._connection, self._socket):
            if thing is not None:
                thing.close()
        self._response = self._connection = self._socket = None

    def read(self, response: http.client.HTTPResponse, count: int, seconds: float) -> bytes:
        """What has come of the body, `count` bytes at most, waiting so long for the first; empty at its end.

        Raises `Unavailable`.
        """
        if seconds <= 0:
            raise Unavailable(f"{self.where} {self._silence()}")
        with self._translated():
            if self._socket is not None:
                self._socket.settimeout(seconds)
            return response.read1(count)

    def read_all(self, response: http.client.HTTPResponse, limit: int) -> bytes:
        """The whole body, or `limit` bytes of it; raises `Unavailable`."""
        with self.limited():
            data = response.read(limit)
            response.close()
            return data

    @contextmanager
    def limited(self) -> Iterator[None]:
        """The block may take as long as the deadline; after that the connection is broken, and an error says so.

        A timeout of the socket alone would let somebody who sends a byte now and then go on for ever.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self._break()

        timer = threading.Timer(self._deadline_s, end)
        timer.daemon = True
        timer.start()
        try:
            with self._translated(late):
                yield
        finally:
            timer.cancel()

    # asking --------------------------------------------------------------------------------------------------

    def _go_to(self, url: str) -> None:
        self._place = split(url)
        self.close()
        user = self._place.username
        credentials = None if user is None else Credentials(unquote(user), unquote(self._place.password or ""))
        self._authorizer = Authorizer(credentials, lambda: secrets.token_hex(8))
        self._has_credentials = credentials is not None

    def _ask(self) -> http.client.HTTPResponse:
        if self._cut:
            raise Unavailable(f"{self.where} was closed")
        try:
            return self._asked()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if self._cut:
                raise
            self.close()  # it had kept the connection open only so long
            return self._asked()

    def _asked(self) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connect()
        assert self._connection is not None  # noqa: S101  (just made)
        target = quote((self._place.path or "/") + (f"?{self._place.query}" if self._place.query else ""), safe=_SAFE)
        proof = self._authorizer.header("GET", target)
        headers = _HEADERS if proof is None else {**_HEADERS, "Authorization": proof}
        self._connection.request("GET", target, headers=headers)
        response = self._response = self._connection.getresponse()
        if response.will_close:
            self._connection = None  # its socket lives as long as the response is read
        return response

    def _connect(self) -> None:
        host, port = self._place.hostname or "", self._place.port
        if self._place.scheme == "https":
            context = _context(self._verify)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._deadline_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._deadline_s)
        connection.connect()
        self._connection, self._socket = connection, connection.sock
        if self._cut:
            self._break()

    def _move(self, response: http.client.HTTPResponse) -> None:
        """Go where the response says, with the password where that may know it."""
        location = response.headers.get("Location", "")
        response.close()
        there = split(urljoin(self._place.geturl(), location))
        old = self._place
        if there.username is None and old.username is not None and trusted(old, there):
            authority = f"{old.netloc.rpartition('@')[0]}@{there.netloc}"
            there = there._replace(netloc=authority)
        self._go_to(there.geturl())

    def _log_in(self, response: http.client.HTTPResponse) -> None:
        offers = response.headers.get_all("WWW-Authenticate", [])
        response.read(65536)
        response.close()
        self.close()
        if not self._has_credentials:
            raise Unavailable(f"{self.where} wants a user and a password: give http://USER:PASSWORD@HOST/PATH")
        try:
            useful = self._authorizer.challenged(offers)
        except Unavailable as error:
            raise Unavailable(f"{self.where}: {error}") from None
        if not useful:
            raise Unavailable(f"{self.where} refuses the user or the password (401): check both")

    # ending --------------------------------------------------------------------------------------------------

    def _break(self) -> None:
        sock = self._socket
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not that of TLS, which another thread may be using

    @contextmanager
    def _translated(self, late: threading.Event | None = None) -> Iterator[None]:
        """Whatever a socket, TLS or HTTP raises as `Unavailable`, without the password."""
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            over = late is not None and late.is_set()
            if isinstance(error, Unavailable) and not over:
                raise
            reason = self._silence() if over or isinstance(error, TimeoutError) else self._reason(error)
            raise Unavailable(f"{self.where} {reason}") from None

    def _silence(self) -> str:
        return f"sent no picture for {self._deadline_s:g} s"

    def _reason(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"has a certificate that nobody vouches for ({error.verify_message}): "
                "install its authority here, or take any certificate with verify=False (--no-verify)"
            )
        if isinstance(error, socket.gaierror):
            return "cannot be reached: nobody knows its host, check the name"
        return f"cannot be read: {redact(str(getattr(error, 'strerror', None) or error or type(error).__name__))}"


def _context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _advice(response: http.client.HTTPResponse) -> str:
    if response.status == 404:
        return "it has nothing under this path"
    if response.status in (403, 407):
        return "it does not let us in"
    return "is it busy?" if response.status in (429, 503) else "check its path and settings"
