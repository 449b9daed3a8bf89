"""What became of a question: the value that was answered, or the error to raise."""

from __future__ import annotations

from typing import Any

from framebus.core.errors import BadFrame, RemoteError, Unavailable
from framebus.pool.answers import unpack
from framebus.wire.control import Reply
from framebus.work.objects import speech
from framebus.work.objects.lane import Heard


class NoSuchMember(RemoteError, AttributeError):  # noqa: N818  (short, as people say it)
    """The object has no public method or attribute of that name."""


class Ended(RemoteError):  # noqa: N818  (short, as people say it)
    """The object that was asked has ended since."""


def value(heard: Heard, what: str, place: str) -> Any:
    """What an answer says; raises what it says went wrong. `place` begins its sentence."""
    reply, arrays = heard
    if reply.error:
        raise _error(reply, what, place)
    try:
        return unpack(reply.data, arrays)
    except BadFrame as error:
        raise RemoteError(f"{place}{what} was answered with something else: {error}") from error


def ended(place: str, what: str, how: str) -> Ended:
    """The error for a question whose answer will never come."""
    return Ended(f"{place}{what} was under way when {how}; {doubt('it')}")


def doubt(what: str) -> str:
    """What is known of a call that was sent."""
    return f"{what} may or may not have been executed"


def _error(reply: Reply, what: str, place: str) -> RemoteError | Unavailable:
    first, _, trace = reply.error.partition("\n")
    match speech.refusal_of(reply.data):
        case "elsewhere":
            return ended(place, what, "the one that was asked ended")
        case "unknown":
            return NoSuchMember(f"{place}{first}")
        case "rights":
            return Unavailable(f"{place}{first}")
        case "":
            made = RemoteError(f"{place}{what} failed: {first}")
            if trace:
                made.add_note(f"where it lives:\n{trace}")
            return made
    return RemoteError(f"{place}{what}: {first}")
