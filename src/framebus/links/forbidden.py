"""Listening that is not allowed, which no second attempt changes."""

from __future__ import annotations

import errno

from framebus.core.errors import Unavailable


class Forbidden(Unavailable):
    """To listen there is not for this user, or for nobody until it is said who may connect."""

    hopeless = True


def unavailable(code: int | None, text: str) -> Unavailable:
    """The error that says `text`; the system's `code` tells whether this user may ever listen there."""
    return (Forbidden if code == errno.EACCES else Unavailable)(text)
