"""The connecting side's half of getting acquainted: say hello until welcomed, try the next address if nobody is
there, and start over after every break under the same session id."""

from __future__ import annotations

from framebus.session.outgoing import Peer
from framebus.wire.control import Welcome

HELLO_S = 1.0
NO_ANSWER_S = 3.5


class Calling:
    """State of one connecting endpoint. `peer` is the carrier's handle of the connection."""

    def __init__(self, session: str, peer: Peer) -> None:
        self.session = session
        self.peer = peer
        self.welcomed = False
        self.attempt = 0
        """How many times hello was said: an answer to an earlier one comes too late."""
        self.refusal: str | None = None
        """Why the other side does not want us, once it said so for good."""
        self.last_refusal = ""
        self.over = False
        """True once the streams have ended: nothing more is to be said."""
        self.since: float | None = None
        """Since when we have been calling without an answer."""
        self._next_hello = 0.0

    def dial(self, now: float) -> None:
        """A fresh connection attempt begins."""
        self.welcomed = False
        self.since = now
        self._next_hello = now

    def lost(self, now: float) -> None:
        """The other side does not know us (any more): say hello at once."""
        if self.over:
            return
        self.welcomed = False
        self.since = now if self.since is None else self.since
        self._next_hello = now

    def answered(self) -> None:
        """Welcome."""
        self.welcomed = True
        self.since = None

    def refused(self, message: str, now: float, *, retry: bool) -> None:
        """Not welcome: for good, or to be tried again in a second."""
        if self.over:
            return
        self.welcomed = False
        self.since = now
        self.last_refusal = message
        self._next_hello = now + HELLO_S
        if not retry:
            self.refusal = message

    def end(self) -> None:
        """The streams have ended."""
        self.over = True
        self.since = None

    @property
    def _silent(self) -> bool:
        return self.over or self.welcomed or self.refusal is not None

    def hello_due(self, now: float) -> bool:
        """True when hello should be said now; the next one is due a second later."""
        if self._silent or now < self._next_hello:
            return False
        self._next_hello = now + HELLO_S
        self.attempt += 1
        return True

    def awaits(self, peer: Peer, message: Welcome) -> bool:
        """True for the answer to the last hello, the first time."""
        expected = (self.peer, self.session, self.attempt)
        return not self._silent and (peer, message.session, message.attempt) == expected

    def unanswered(self, now: float) -> bool:
        """True when nobody has answered for so long that another address should be tried."""
        return not self.welcomed and self.since is not None and now - self.since >= NO_ANSWER_S

    def deadline(self) -> float | None:
        """When to look again, or None."""
        return None if self._silent else self._next_hello
