"""The RTSP server of a test camera: one connection's questions, answered as cameras do."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable

import msgspec

from framebus.core.errors import BadFrame
from framebus.sources.rtsp import auth, messages
from framebus.sources.rtsp.inflow import Inflow
from framebus.sources.rtsp.messages import Request, Response
from framebus.sources.rtsp.target import Credentials
from framebus.testing.camera_viewer import OverTcp, OverUdp, Viewer

METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER")
_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    461: "Unsupported Transport",
    501: "Not Implemented",
}
_TRACK = "track1"
_NAMES_H265 = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}


class Described(msgspec.Struct, frozen=True):
    """What a path shows."""

    codec: str
    sets: tuple[bytes, ...]


class Rules(msgspec.Struct):
    """How the server behaves; may change while it runs."""

    describe: Callable[[str], Described | None]
    """What a path shows; None where there is no such path."""
    credentials: Credentials | None
    login: str
    """`basic`, `digest` (MD5) or `digest-sha256`."""
    transports: set[str]
    session_timeout_s: int
    moved: dict[str, str]
    """Paths that are elsewhere now."""
    nonce: str
    asked: Callable[[str, str], None]
    """Told of every request: method and target."""
    reported: Callable[[], None]
    """Told of every receiver report."""
    sessions: dict[str, Viewer]
    mute: bool = False
    """True while requests are not answered."""
    over: bool = False
    """True once it is switched off: who was just coming in finds the plug pulled."""


class Conversation(asyncio.BufferedProtocol):
    """One connection."""

    def __init__(self, rules: Rules, all: set[Conversation]) -> None:
        self._rules = rules
        self._all = all
        self._inflow = Inflow(self._on_media, self._on_message)
        self._sessions: set[str] = set()
        self._transport: asyncio.Transport | None = None

    # asyncio's calls -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all.add(self)
        if self._rules.over:
            self.cut()

    def connection_lost(self, error: Exception | None) -> None:
        """They left, and their sessions with them."""
        self._all.discard(self)
        for session in list(self._sessions):
            self._forget(session)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where bytes go."""
        return self._inflow.space()  # type: ignore[return-value]  # any writable buffer will do

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        try:
            self._inflow.arrived(nbytes)
        except BadFrame:
            self.cut()

    def cut(self) -> None:
        """End it at once, as a pulled plug would."""
        if self._transport is not None:
            self._transport.abort()

    # requests ------------------------------------------------------------------------------------------

    def _on_media(self, channel: int, packet: memoryview) -> None:
        self._rules.reported()

    def _on_message(self, message: Request | Response) -> None:
        if isinstance(message, Response) or self._rules.mute:
            return
        self._rules.asked(message.method, message.target)
        answer = _ANSWERS.get(message.method)
        if answer is None:
            self._say(message, 501)
        elif message.method != "OPTIONS" and not self._allowed(message):
            self._say(message, 401, ("WWW-Authenticate", self._challenge()))
        elif message.header("session") and message.header("session") not in self._rules.sessions:
            self._say(message, 454)
        else:
            answer(self, message)

    def _options(self, request: Request) -> None:
        self._say(request, 200, ("Public", ", ".join(METHODS)))

    def _parameter(self, request: Request) -> None:
        self._say(request, 200, *_session_header(request))

    def _describe(self, request: Request) -> None:
        path = _path_of(request.target)
        if path in self._rules.moved:
            self._say(request, 302, ("Location", self._rules.moved[path]))
            return
        described = self._rules.describe(path)
        if described is None:
            self._say(request, 404)
            return
        base = request.target.rstrip("/") + "/"
        self._say(
            request, 200, ("Content-Type", "application/sdp"), ("Content-Base", base), body=description(described)
        )

    def _set_up(self, request: Request) -> None:
        path, _, track = _path_of(request.target).rpartition("/")
        if track != _TRACK or self._rules.describe(path) is None:
            self._say(request, 404)
            return
        way = self._way(request.header("transport"))
        if way is None:
            self._say(request, 461)
            return
        session = secrets.token_hex(8)
        self._rules.sessions[session] = Viewer(way, path)
        self._sessions.add(session)
        patience = f"{session};timeout={self._rules.session_timeout_s}"
        self._say(request, 200, ("Session", patience), ("Transport", way.header()))

    def _play(self, request: Request) -> None:
        viewer = self._rules.sessions.get(request.header("session"))
        if viewer is None:
            self._say(request, 454)
            return
        self._say(request, 200, *_session_header(request), ("Range", "npt=0.000-"))
        viewer.playing = True

    def _pause(self, request: Request) -> None:
        viewer = self._rules.sessions.get(request.header("session"))
        if viewer is not None:
            viewer.playing = viewer.started = False
        self._say(request, 200 if viewer else 454, *_session_header(request))

    def _tear_down(self, request: Request) -> None:
        self._forget(request.header("session"))
        self._say(request, 200)

    # parts ---------------------------------------------------------------------------------------------

    def _forget(self, session: str) -> None:
        self._sessions.discard(session)
        if (viewer := self._rules.sessions.pop(session, None)) is not None:
            viewer.way.close()

    def _way(self, header: str) -> OverTcp | OverUdp | None:
        """The first transport offered that is served here."""
        assert self._transport is not None
        for offer in header.split(","):
            options = auth.parts(offer.replace(";", ","))
            if "/TCP" in offer.upper() and "tcp" in self._rules.transports:
                return OverTcp(self._transport, _pair(options.get("interleaved", "0-1")))
            if "/TCP" not in offer.upper() and "udp" in self._rules.transports and "client_port" in options:
                here, there = (self._transport.get_extra_info(name)[0] for name in ("sockname", "peername"))
                return OverUdp(here, there, _pair(options["client_port"]), self._rules.reported)
        return None

    def _say(self, request: Request, status: int, *headers: tuple[str, str], body: bytes = b"") -> None:
        assert self._transport is not None
        number = ("CSeq", request.header("cseq") or "0")
        self._transport.write(messages.encode_response(status, _REASONS[status], (number, *headers), body))

    def _allowed(self, request: Request) -> bool:
        credentials, given = self._rules.credentials, request.header("authorization")
        if credentials is None:
            return True
        if self._rules.login == "basic":
            return secrets.compare_digest(given.encode(), auth.basic(credentials).encode())
        fields = auth.parts(given)
        asked = auth.challenges([self._challenge()])[0]
        right = auth.digest(
            asked, credentials, request.method, fields.get("uri", ""), fields.get("nc", ""), fields.get("cnonce", "")
        )
        same = fields.get("uri") == request.target and fields.get("nonce") == self._rules.nonce
        return same and secrets.compare_digest(fields.get("response", "").encode(), right.encode())

    def _challenge(self) -> str:
        if self._rules.login == "basic":
            return 'Basic realm="framebus camera"'
        digest = f'Digest realm="framebus camera", nonce="{self._rules.nonce}"'
        return digest + (', algorithm=SHA-256, qop="auth"' if self._rules.login == "digest-sha256" else "")


_ANSWERS: dict[str, Callable[[Conversation, Request], None]] = {
    "OPTIONS": Conversation._options,
    "DESCRIBE": Conversation._describe,
    "SETUP": Conversation._set_up,
    "PLAY": Conversation._play,
    "PAUSE": Conversation._pause,
    "TEARDOWN": Conversation._tear_down,
    "GET_PARAMETER": Conversation._parameter,
    "SET_PARAMETER": Conversation._parameter,
}


def description(described: Described) -> bytes:
    """The SDP of a path."""
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=framebus test camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        "m=video 0 RTP/AVP 96",
        f"a=rtpmap:96 {described.codec.upper()}/90000",
        f"a=fmtp:96 {_format(described)}",
        f"a=control:{_TRACK}",
    ]
    return "\r\n".join((*lines, "")).encode()


def _format(described: Described) -> str:
    texts = [base64.b64encode(unit).decode() for unit in described.sets]
    if described.codec == "h264":
        profile = next(unit[1:4].hex() for unit in described.sets if unit[0] & 31 == 7)
        return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(texts)}"
    names = (_NAMES_H265[unit[0] >> 1 & 63] for unit in described.sets)
    return ";".join(f"{name}={text}" for name, text in zip(names, texts, strict=True))


def _path_of(target: str) -> str:
    rest = target.partition("://")[2] or target
    return rest.partition("/")[2].strip("/")


def _session_header(request: Request) -> tuple[tuple[str, str], ...]:
    return (("Session", request.header("session")),) if request.header("session") else ()


def _pair(text: str) -> tuple[int, int]:
    """Raises `BadFrame` for what are no two numbers."""
    try:
        first, second = text.split("-")
        return int(first), int(second)
    except ValueError:
        raise BadFrame("no ports") from None
