"""Proving that we know the password: Basic (RFC 7617) and Digest with MD5 and SHA-256 (RFC 7616, RFC 2069)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable

import msgspec

from framebus.core.errors import Unavailable
from framebus.sources.rtsp.target import Credentials

_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_SESSION = "-SESS"
_STRENGTH = ("BASIC", "MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS")
_MAX_VALUE = 2048
_MAX_VALUES = 8
_PART = re.compile(r'([A-Za-z0-9_-]{1,64})\s*=\s*(?:"((?:[^"\\]|\\.){0,4096})"|([^\s,"]{0,4096}))')
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z]{1,32})(?=\s+[A-Za-z0-9_-]{1,64}\s*=)")


class Challenge(msgspec.Struct, frozen=True):
    """One way in that the server offers."""

    algorithm: str
    """`BASIC`, `MD5`, `SHA-256`, the last two also with `-SESS`; or what the server wrote, in upper case."""
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    qop: tuple[str, ...] = ()
    stale: bool = False

    @property
    def strength(self) -> int:
        """The larger the better; below 0 for what is not understood."""
        understood = not self.qop or "auth" in self.qop
        return _STRENGTH.index(self.algorithm) if self.algorithm in _STRENGTH and understood else -1


def challenges(values: Iterable[str]) -> list[Challenge]:
    """All offers of the `WWW-Authenticate` headers, in their order."""
    looked_at = [value[:_MAX_VALUE] for value in list(values)[:_MAX_VALUES]]
    return [_challenge(scheme, text) for value in looked_at for scheme, text in _offers(value)]


class Authorizer:
    """Answers challenges for one session; `cnonce` makes a new random word each time."""

    def __init__(self, credentials: Credentials | None, cnonce: Callable[[], str]) -> None:
        self._credentials = credentials
        self._cnonce = cnonce
        self._challenge: Challenge | None = None
        self._count = 0
        self._accepted = False

    @property
    def armed(self) -> bool:
        """True once requests carry a proof."""
        return self._challenge is not None

    def accepted(self) -> None:
        """A request with our proof was answered: the password is right."""
        self._accepted = self.armed

    def challenged(self, values: Iterable[str]) -> bool:
        """Take the best offer of a 401; False when asking again is useless, since the password is wrong.

        A proof is made again only where the old one was out of date, so that nobody is locked out for trying.
        Raises `Unavailable` when there is no password, or no offer that is understood.
        """
        offers = challenges(values)
        best = max(offers, key=lambda offer: offer.strength, default=None)
        if self._credentials is None:
            raise Unavailable("it wants a user and a password: give rtsp://USER:PASSWORD@HOST/PATH")
        if best is None or best.strength < 0:
            names = ", ".join(offer.algorithm[:20] for offer in offers[:4]) or "nothing"
            raise Unavailable(f"it offers no way to log in that is known here ({names}): allow Basic or Digest in it")
        old = self._challenge
        again = old is None or (best.nonce != old.nonce and (best.stale or self._accepted))
        self._challenge, self._count, self._accepted = best, 0, False
        return again

    def header(self, method: str, target: str) -> str | None:
        """The `Authorization` for a request, None while nothing was demanded."""
        challenge, credentials = self._challenge, self._credentials
        if challenge is None or credentials is None:
            return None
        if challenge.algorithm == "BASIC":
            return basic(credentials)
        self._count += 1
        return _digest_header(challenge, credentials, method, target, f"{self._count:08x}", self._cnonce())


def basic(credentials: Credentials) -> str:
    """The `Authorization` of Basic."""
    return "Basic " + base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()


def digest(
    challenge: Challenge, credentials: Credentials, method: str, target: str, count: str = "", cnonce: str = ""
) -> str:
    """The `response` of Digest, with `count` and `cnonce` where the challenge has a `qop`."""
    hashed = _HASHES[challenge.algorithm.removesuffix(_SESSION)]
    who = hashed(b":".join((credentials.user.encode(), _raw(challenge.realm), credentials.password.encode())))
    if challenge.algorithm.endswith(_SESSION):
        who = hashed(_raw(f"{who}:{challenge.nonce}:{cnonce}"))
    what = hashed(_raw(f"{method}:{target}"))
    fresh = f"{challenge.nonce}:{count}:{cnonce}:auth" if challenge.qop else challenge.nonce
    return hashed(_raw(f"{who}:{fresh}:{what}"))


def parts(text: str) -> dict[str, str]:
    """The `name=value` pairs of a header, names in lower case, values without quotes."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PART.findall(text):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    return found


def _digest_header(
    challenge: Challenge, credentials: Credentials, method: str, target: str, count: str, cnonce: str
) -> str:
    response = digest(challenge, credentials, method, target, count, cnonce)
    fields = {
        "username": _quoted(credentials.user.encode().decode("latin-1")),
        "realm": _quoted(challenge.realm),
        "nonce": _quoted(challenge.nonce),
        "uri": _quoted(target),
        "response": _quoted(response),
    }
    if challenge.algorithm != "MD5":  # the default; old cameras refuse to be told
        fields["algorithm"] = challenge.algorithm.replace(_SESSION, "-sess")
    if challenge.opaque:
        fields["opaque"] = _quoted(challenge.opaque)
    if challenge.qop:
        fields |= {"qop": "auth", "nc": count, "cnonce": _quoted(cnonce)}
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def _offers(value: str) -> list[tuple[str, str]]:
    """`Digest realm="a", nonce="b", Basic realm="c"` as pairs of a scheme and its parameters."""
    bare = _PART.sub(lambda part: part[0].replace(part[2] or "\0", "_" * len(part[2] or "")), value)
    starts = [(match.start(1), match.end(1)) for match in _SCHEME.finditer(bare)]
    ends = [start for start, _ in starts[1:]] + [len(value)]
    return [(value[start:stop], value[stop:end]) for (start, stop), end in zip(starts, ends, strict=False)]


def _challenge(scheme: str, text: str) -> Challenge:
    given = parts(text)
    digest = scheme.lower() == "digest"
    return Challenge(
        algorithm=given.get("algorithm", "MD5").upper() if digest else scheme.upper(),
        realm=given.get("realm", ""),
        nonce=given.get("nonce", ""),
        opaque=given.get("opaque", ""),
        qop=tuple(word.strip().lower() for word in given["qop"].split(",")) if digest and given.get("qop") else (),
        stale=given.get("stale", "").lower() == "true",
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _raw(text: str) -> bytes:
    """As it came: messages are read as Latin-1."""
    return text.encode("latin-1", "replace")
