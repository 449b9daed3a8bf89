"""Invitation codes: one line that a person copies from one machine to another.

`fbkey-1-` and then base64 in its URL-safe alphabet, without padding: the listener's public key (32 bytes), the
client's secret key (32 bytes), the client's name and the listener's address, and four bytes of SHA-256 over all that,
so that a slip in copying is an error and not a wrong key. White space inside (a wrapped line) does not matter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

from zmq.utils import z85

from framebus.core.errors import OptionError
from framebus.core.redaction import KEY_CODE_PREFIX

PREFIX = f"{KEY_CODE_PREFIX}1-"
"""Recognised by `core.redaction`, so that a code never reaches a log; 1 is the version of what follows."""
KEY_BYTES = 32
SUM_BYTES = 4
MAX_LENGTH = 1024


class Invitation(NamedTuple):
    """What a code says; keys as 40 characters of Z85."""

    name: str
    address: str
    server_public: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Invitation({self.name!r}, {self.address!r})"


def encode(invitation: Invitation) -> str:
    """The code, about 150 characters of letters, digits, `-` and `_`."""
    keys = z85.decode(invitation.server_public) + z85.decode(invitation.client_secret)
    body = keys + f"{invitation.name} {invitation.address}".encode()
    return PREFIX + base64.urlsafe_b64encode(body + _sum(body)).decode().rstrip("=")


def decode(code: str) -> Invitation:
    """What `encode` was given; raises `OptionError` for a code that is incomplete, mistyped or none."""
    text = "".join(code.split())
    if not text.startswith(PREFIX):
        raise OptionError(
            f"this is no invitation code: one starts with {KEY_CODE_PREFIX} (framebus keys invite NAME prints it)"
        )
    try:
        words = text.removeprefix(PREFIX)[:MAX_LENGTH].encode("ascii")
        data = base64.b64decode(words + b"=" * (-len(words) % 4), altchars=b"-_", validate=True)
        body, given = data[:-SUM_BYTES], data[-SUM_BYTES:]
        name, _, address = body[2 * KEY_BYTES :].decode().partition(" ")
    except (binascii.Error, UnicodeError) as error:
        raise _damaged() from error
    exact = base64.urlsafe_b64encode(data).rstrip(b"=") == words  # the last character has bits that decoding ignores
    if not exact or _sum(body) != given or not name or not address:
        raise _damaged()
    public, secret = body[:KEY_BYTES], body[KEY_BYTES : 2 * KEY_BYTES]
    return Invitation(name, address, z85.encode(public).decode(), z85.encode(secret).decode())


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:SUM_BYTES]


def _damaged() -> OptionError:
    return OptionError("this invitation code is incomplete or mistyped: copy the whole line again")
