"""Where a camera is: the address taken apart, with and without what is secret in it."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec

from framebus.core.errors import AddressError
from framebus.core.redaction import redact

PORTS = {"rtsp": 554, "rtsps": 322}
_KEPT = "%/:?#[]@!$&'()*+,;=-._~{}|^"
"""What stays as typed in a request; spaces and everything that is not ASCII are percent-encoded."""


class Credentials(msgspec.Struct, frozen=True):
    """A user and a password, decoded; `repr` shows neither."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(***)"


class Target(msgspec.Struct, frozen=True):
    """One camera's address."""

    secure: bool
    host: str
    port: int
    url: str
    """The address to ask for, without user and password."""
    credentials: Credentials | None = None

    def __str__(self) -> str:
        return redact(self.url)

    def moved(self, url: str) -> Target:
        """The address the camera sent us to; our password goes along only to the same host, never from TLS to plain.

        Raises `AddressError` where that is no RTSP address.
        """
        there = parse(url)
        same = there.host == self.host and there.secure >= self.secure
        if there.credentials is None and same:
            return msgspec.structs.replace(there, credentials=self.credentials)
        return there


def parse(text: str) -> Target:
    """`rtsp://user:password@host:port/path?query` (`rtsps://` for TLS) taken apart.

    User and password may be percent-encoded; only `/`, `?` and `#` in them have to be. Raises `AddressError`.
    """
    try:
        parts = unambiguous(urlsplit(text.strip()))
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{redact(text)!r} is not an address of a camera: {_reason(text, error)}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise AddressError(
            f"{redact(text)!r} is not an address of a camera: give rtsp://HOST/PATH or rtsps://HOST/PATH"
        )
    return Target(
        secure=parts.scheme == "rtsps",
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        url=_without_credentials(parts),
        credentials=_credentials(parts),
    )


def unambiguous(parts: SplitResult) -> SplitResult:
    """`parts`, or `ValueError` where a password seems to go on behind what would be the host."""
    if "@" in parts.netloc and "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError("a second @ follows")
    return parts


def _reason(text: str, error: ValueError) -> str:
    if "@" in text:  # the text of the error may hold a part of the password
        return "'/', '?', '#' and '@' in a password are written %2F, %3F, %23, %40"
    return str(error)


def _credentials(parts: SplitResult) -> Credentials | None:
    if parts.username is None:
        return None
    return Credentials(unquote(parts.username), unquote(parts.password or ""))


def _without_credentials(parts: SplitResult) -> str:
    authority = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{authority}{parts.path}{'?' + parts.query if parts.query else ''}"
    return quote(url, safe=_KEPT)
