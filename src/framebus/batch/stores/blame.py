"""What went wrong in a store, in our words: what passes is tried again, what lasts ends the job, the rest is one's own.

Packages that speak to stores raise what they like; they are told apart by names and numbers, so that none of them has
to be imported here.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from framebus.core.errors import BadFrame, Error, Unavailable
from framebus.core.redaction import redact

T = TypeVar("T")

TRIES = 3
"""How often something is tried that may succeed the next time; packages for stores try more often than that."""
PAUSE_S = 0.3
LONG_S = 20.0
"""After so long, whoever speaks to the store has tried again and again by itself."""

Cause = Literal["gone", "bucket", "denied", "credentials", "connection", "other"]
"""`bucket`: not one object is gone, but what all of them would be in."""
Doing = Literal["look", "read", "write"]

_CONNECTION = frozenset(
    {
        *("ConnectionError", "TimeoutError", "FSTimeoutError", "gaierror", "HTTPClientError", "ClientConnectionError"),
        *("ServerTimeoutError", "TransportError", "RequestException", "IncompleteRead", "ClientPayloadError"),
    }
)
_TRANSIENT = frozenset({errno.EIO, errno.EBUSY, errno.ETIMEDOUT, getattr(errno, "EREMOTEIO", errno.EIO)})
_CREDENTIALS = ("credential", "profilenotfound", "tokenretrieval", "ssotoken")
_OF_CREDENTIALS = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "RequestTimeTooSkewed"}
)
"""What stores that speak S3 answer where it is not about one object."""
_NO_BUCKET, _SAID_OF_IT = "NoSuchBucket", "bucket does not exist"


def cause_of(error: BaseException) -> Cause:
    """What kind of trouble that is."""
    names = {each.__name__ for each in type(error).__mro__}
    if any(word in name.lower() for word in _CREDENTIALS for name in names) or _code(error) in _OF_CREDENTIALS:
        return "credentials"
    if isinstance(error, FileNotFoundError):
        return "bucket" if _code(error) == _NO_BUCKET or _SAID_OF_IT in str(error) else "gone"
    if isinstance(error, PermissionError):
        return "denied"
    if names & _CONNECTION or (isinstance(error, OSError) and error.errno in _TRANSIENT):
        return "connection"
    return "other"


def attempted(work: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """What `work` gives; where the connection fails, that is tried again a few times, unless it has taken long."""
    limit = time.monotonic() + LONG_S
    for number in range(1, TRIES):
        try:
            return work()
        except Exception as error:
            if isinstance(error, Error) or cause_of(error) != "connection" or time.monotonic() > limit:
                raise
            pause(PAUSE_S * number)
    return work()


def explained(error: BaseException, url: str, doing: Doing) -> Error:
    """The error to raise instead: `BadFrame` for what concerns this object alone, else `Unavailable`."""
    cause, why = cause_of(error), _text(error)
    if cause == "gone" and doing == "read":
        return BadFrame("it is not there any more")
    if cause in ("denied", "other") and doing == "read":
        return BadFrame(f"it cannot be read: {why}")
    if cause == "other" and doing == "write":
        return BadFrame(f"{redact(url)} cannot be written: {why}")
    return Unavailable(f"{redact(url)}: {_LASTING[cause].format(why=why)}")


_LASTING: dict[Cause, str] = {
    "gone": "nothing is there ({why})",
    "bucket": "there is no such bucket ({why}): make it first, or mend the name",
    "denied": "the store does not allow that ({why}): see what these credentials may do",
    "credentials": (
        "the credentials are missing or not accepted ({why}): set those that the store wants, for S3 "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    ),
    "connection": "the connection to the store is lost, several tries failed ({why}): start again when it is back",
    "other": "{why}",
}


def _code(error: BaseException) -> str:
    """What the store called it, where the package keeps that."""
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    told = response.get("Error") if isinstance(response, dict) else None
    return str(told.get("Code", "")) if isinstance(told, dict) else ""


def _text(error: BaseException) -> str:
    return redact(" ".join(str(error).split()) or type(error).__name__)
