"""A session with a camera's RTSP server, without I/O: answers and the time in, requests and what was agreed out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum

import msgspec

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.rtsp import messages, sdp
from framebus.sources.rtsp.auth import Authorizer
from framebus.sources.rtsp.messages import Request, Response, shown
from framebus.sources.rtsp.statuses import refusal
from framebus.sources.rtsp.target import Target
from framebus.sources.rtsp.transports import Agreed, Offer, agreed

AGENT = "framebus"
_TIMEOUT_S = 60.0
_LONGEST_S = 86_400.0
_MAX_ATTEMPTS = 3
_MAX_UNANSWERED = 16
_REDIRECTS = (301, 302, 303, 305, 307, 308)
_SPARE_TIME = 0.5
"""The share of the server's patience after which a sign of life is sent."""


class State(Enum):
    """How far it has come."""

    NEW = "new"
    ASKING = "asking"
    PLAYING = "playing"
    MOVED = "moved"
    OVER = "over"


class _Asked(msgspec.Struct, frozen=True):
    """A request that is not answered yet."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    attempt: int


class Session:
    """One session for one video track.

    offers   ways to take the media, tried in turn while the server refuses them
    cnonce   makes a random word (for Digest)

    Call `start`, then `receive` for each message and `tick` when `due`; send what `outgoing` gives after each. All
    three raise `Unavailable` when the camera refuses, and `BadFrame` when it does not make sense.
    """

    def __init__(self, target: Target, offers: Sequence[Offer], cnonce: Callable[[], str]) -> None:
        self.state = State.NEW
        self.track: sdp.Track | None = None
        """What will come, once described."""
        self.agreed: Agreed | None = None
        """How it will come, once set up."""
        self.moved_to = ""
        """Another address to ask instead, in state `MOVED`."""
        self.due: float | None = None
        """When to call `tick`, on the clock of `now`."""
        self._target = target
        self._offers = list(offers)
        self._authorizer = Authorizer(target.credentials, cnonce)
        self._out = bytearray()
        self._asked: dict[int, _Asked] = {}
        self._number = 0
        self._session = ""
        self._timeout_s = _TIMEOUT_S
        self._base = target.url
        self._alive_by = "GET_PARAMETER"

    def start(self, now: float) -> None:
        """Ask the first question."""
        self.state = State.ASKING
        self._ask("OPTIONS", self._target.url)

    def outgoing(self) -> bytes:
        """Bytes to be sent; each is given once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive(self, message: Request | Response, now: float) -> None:
        """A message came."""
        if isinstance(message, Request):
            self._requested(message)
        elif (asked := self._question_of(message)) is not None:
            self._answered(asked, message, now)

    def tick(self, now: float) -> None:
        """A sign of life, when it is due."""
        if self.state is State.PLAYING and self.due is not None and now >= self.due:
            if len(self._asked) < _MAX_UNANSWERED:
                self._ask(self._alive_by, self._played)
            self.due = now + self._timeout_s * _SPARE_TIME

    def stop(self) -> None:
        """Say that nothing more is wanted; never raises."""
        if self._session and self.state is not State.OVER:
            with suppress(BadFrame):  # an address that cannot be written was refused before
                self._ask("TEARDOWN", self._played)
        self.state = State.OVER

    # what the server answers ---------------------------------------------------------------------------

    def _question_of(self, response: Response) -> _Asked | None:
        """Which request is answered; servers that do not number their answers answer the oldest."""
        text = response.header("cseq")
        if text.isascii() and text.isdigit() and len(text) < 10:
            return self._asked.pop(int(text), None)
        return self._asked.pop(next(iter(self._asked)), None) if self._asked else None

    def _answered(self, asked: _Asked, response: Response, now: float) -> None:
        if self.state is State.OVER:
            return
        if response.status == 401:
            self._again(asked, response)
            return
        self._authorizer.accepted()
        if response.status in _REDIRECTS:
            self._moved(response.header("location"))
        elif response.status == 454:
            raise Unavailable(f"{self._target} no longer knows our session (454): it was restarted or lost patience")
        elif response.status // 100 == 2 or asked.method in ("OPTIONS", "GET_PARAMETER"):
            _NEXT[asked.method](self, response, now)
        elif asked.method == "SETUP" and response.status == 461:
            self._refused_transport()
        else:
            raise Unavailable(refusal(str(self._target), asked.method, response))

    def _again(self, asked: _Asked, response: Response) -> None:
        """The server wants to see a password."""
        try:
            useful = self._authorizer.challenged(response.all("www-authenticate"))
        except Unavailable as error:
            raise Unavailable(f"{self._target}: {error}") from None
        if not useful or asked.attempt >= _MAX_ATTEMPTS:
            raise Unavailable(f"{self._target} refuses the user or the password (401): check both")
        self._ask(asked.method, asked.target, asked.headers, asked.attempt + 1)

    def _moved(self, location: str) -> None:
        if not location:
            raise Unavailable(f"{self._target} sends us elsewhere without saying where: check its address")
        self.state, self.moved_to = State.MOVED, location

    def _after_options(self, response: Response, now: float) -> None:
        if self.state is State.PLAYING:
            return
        public = {word.strip().upper() for word in response.header("public").split(",")}
        if response.status // 100 == 2 and "OPTIONS" in public and "GET_PARAMETER" not in public:
            self._alive_by = "OPTIONS"
        self._ask("DESCRIBE", self._target.url, (("Accept", "application/sdp"),))

    def _after_describe(self, response: Response, now: float) -> None:
        self._base = response.header("content-base") or response.header("content-location") or self._target.url
        try:
            self.track = sdp.video_track(response.body)
        except sdp.NotReadHere as error:
            raise sdp.NotReadHere(f"{self._target}: {error}") from None
        self._set_up()

    def _set_up(self) -> None:
        self._ask("SETUP", self._control, (("Transport", self._offers[0].header()),))

    def _after_setup(self, response: Response, now: float) -> None:
        chosen = agreed(self._offers[0], response.header("transport"))
        if chosen is None:
            self._refused_transport()
            return
        self._session, self._timeout_s = _session_of(response.header("session"))
        self.agreed = chosen
        self._ask("PLAY", self._played, (("Range", "npt=0.000-"),))

    def _refused_transport(self) -> None:
        refused = self._offers.pop(0)
        if not self._offers:
            other = "udp" if refused.kind == "tcp" else "tcp"
            raise Unavailable(f'{self._target} does not send over {refused.kind} (461): try transport="{other}"')
        self._set_up()

    def _after_play(self, response: Response, now: float) -> None:
        self.state = State.PLAYING
        self.due = now + self._timeout_s * _SPARE_TIME

    def _after_parameter(self, response: Response, now: float) -> None:
        if response.status // 100 != 2:  # it is one that knows another sign of life only
            self._alive_by = "OPTIONS"

    def _after_teardown(self, response: Response, now: float) -> None:
        self.state = State.OVER

    # what the server asks ------------------------------------------------------------------------------

    def _requested(self, request: Request) -> None:
        """Servers may ask too; few do."""
        known = request.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "REDIRECT", "TEARDOWN")
        status, reason = (200, "OK") if known else (501, "Not Implemented")
        self._out += messages.encode_response(status, reason, [("CSeq", request.header("cseq") or "0")])
        if len(self._out) > messages.MAX_BYTES:
            raise BadFrame("more questions than a server of RTSP has")
        if request.method == "REDIRECT":
            self._moved(request.header("location"))
        elif request.method == "TEARDOWN":
            raise Unavailable(f"{self._target} ended our session: was it restarted or changed?")

    # what we ask ---------------------------------------------------------------------------------------

    @property
    def _control(self) -> str:
        """The track's address."""
        return joined(self._base, self.track.control if self.track else "")

    @property
    def _played(self) -> str:
        """The address of all that is played together."""
        return joined(self._base, self.track.aggregate if self.track else "")

    def _ask(self, method: str, target: str, extra: tuple[tuple[str, str], ...] = (), attempt: int = 1) -> None:
        self._number += 1
        headers = [("CSeq", str(self._number)), ("User-Agent", AGENT)]
        if (proof := self._authorizer.header(method, target)) is not None:
            headers.append(("Authorization", proof))
        if self._session:
            headers.append(("Session", self._session))
        self._out += messages.encode_request(method, target, (*headers, *extra))
        self._asked[self._number] = _Asked(method, target, extra, attempt)


_NEXT: dict[str, Callable[[Session, Response, float], None]] = {
    "OPTIONS": Session._after_options,
    "DESCRIBE": Session._after_describe,
    "SETUP": Session._after_setup,
    "PLAY": Session._after_play,
    "GET_PARAMETER": Session._after_parameter,
    "TEARDOWN": Session._after_teardown,
}


def joined(base: str, control: str) -> str:
    """A control address, absolute or put behind the base, whatever that ends with (a query, too)."""
    if "://" in control or not control:
        return control or base
    return f"{base.rstrip('/')}/{control.lstrip('/')}"


def _session_of(header: str) -> tuple[str, float]:
    """The session's name and how long the server is patient. Raises `BadFrame`."""
    name, *options = (part.strip() for part in header.split(";"))
    if not 0 < len(name) <= 256 or not name.isascii() or not name.isprintable() or " " in name:
        raise BadFrame(f"{shown(name)} is no name of a session")
    for option in options:
        word, _, value = option.partition("=")
        if word.strip().lower() == "timeout" and value.strip().isdigit() and len(value) < 9:
            return name, min(max(1.0, float(value)), _LONGEST_S)
    return name, _TIMEOUT_S
