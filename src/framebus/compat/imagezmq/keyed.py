"""A hub with keys, which can only be ours: frames go through a link and come back answered."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from framebus.compat.imagezmq.letter import Letter
from framebus.compat.imagezmq.limit import Limit
from framebus.compat.imagezmq.plain_hub import Lost
from framebus.core.errors import RemoteError, Unavailable
from framebus.core.frame import Frame, Identity
from framebus.links import directory
from framebus.links.carrier import CALLED, Carrier
from framebus.links.leaving import tidy_at_exit
from framebus.links.party import party
from framebus.links.writing import WritingEnd
from framebus.session.handshake import Calling
from framebus.session.outgoing import Peer
from framebus.session.publisher import PublisherSession
from framebus.session.rules import PublisherRules
from framebus.wire import control

ATTENTION_S = 0.02
"""While a reply is waited for, and so long after it, the link thread need not look."""


class NameTaken(Exception):  # noqa: N818  (an event, dealt with by taking another name; never leaves this package)
    """Somebody else publishes a stream of that name at this hub."""


class AskingEnd(WritingEnd):
    """Sends one frame and waits until it is answered, or acknowledged, by the hub."""

    def __init__(self, where: str, carrier: Callable[[int], Carrier]) -> None:
        session = PublisherSession(PublisherRules(live=False), party(), calling=Calling(secrets.token_hex(8), CALLED))
        super().__init__(session, where, carrier, may_move=True, on_reply=self._replied)
        self._asked: Identity | None = None
        self._reply: bytes | RemoteError | None = None
        self._dropped = False
        self._name_taken = False

    def ask(self, frame: Frame, limit: Limit, lost: Callable[[], bool]) -> bytes:
        """The reply to `frame`. Raises `Lost` once `lost()`, `NameTaken`, `Closed`, and what `limit` raises.

        Raises `RemoteError` where a service answers that it failed.
        """
        with self._lock:
            self._await(lambda: bool(self.session.audience.members), limit, lost, "the hub has not let us in")
            now = time.monotonic()
            self._asked, self._reply, self._dropped = frame.identity, None, False
            self.session.offer(frame, now, self._taken)
            self._flush(now)
            self._count(frame)
            self._await(lambda: self._reply is not None, limit, lost, "the hub has the image and has not replied")
            self._leave_hot(time.monotonic())
            self._driven_until += ATTENTION_S
            return self._given()

    def _await(self, ready: Callable[[], bool], limit: Limit, lost: Callable[[], bool], text: str) -> None:
        """Drive, with the lock held, until `ready`."""
        while True:
            now = time.monotonic()
            self._driven_until = now + ATTENTION_S
            self._drive_as_caller(now)
            if ready():
                return
            if self._name_taken:
                raise NameTaken
            if lost() or self._dropped:
                raise Lost
            self._check()
            self._sleep(now + limit.left(lambda: f"{self.where}: {text}"))

    def _given(self) -> bytes:
        if isinstance(self._reply, bytes):
            return self._reply
        raise self._reply or Lost

    def _taken(self) -> None:
        """Acknowledged, by a reader that does not answer; or given up because the reader left."""
        if self.session.audience.members:
            self._reply = b"OK" if self._reply is None else self._reply
        else:
            self._dropped = True

    def _replied(self, identity: Identity, reply: control.Reply, arrays: Sequence[npt.NDArray[Any]]) -> None:
        if identity == self._asked:
            self._reply = RemoteError(f"{self.where}: {reply.error}") if reply.error else _as_bytes(reply)

    def _on_control(self, peer: Peer, message: control.Message, now: float) -> None:
        self._name_taken |= isinstance(message, control.Refuse) and message.code == "name"
        super()._on_control(peer, message, now)


class KeyedHub:
    """Frames to one hub over a link with keys, at which there can be nobody but framebus."""

    def __init__(self, where: str, carrier: Callable[[int], Carrier], patience_s: float) -> None:
        """It counts as lost when it is away once `patience_s` have passed."""
        tidy_at_exit()
        self._until = time.monotonic() + patience_s
        self._end = AskingEnd(where, carrier)
        self._end.entry = _listed(where)
        self._end.start()

    @property
    def present(self) -> bool:
        """True while the hub is connected and has let us in. Takes no lock."""
        return bool(self._end.session.audience.members)

    def ask(self, letter: Letter, postmark: Identity, limit: Limit) -> bytes:
        """The reply; see `AskingEnd.ask`."""
        return self._end.ask(letter.frame(postmark), limit, self._lost)

    def _lost(self) -> bool:
        return time.monotonic() >= self._until and not self.present

    def close(self) -> None:
        """Take leave: nothing is owed, since every frame was waited for."""
        self._end.abandon()


def _as_bytes(reply: control.Reply) -> bytes:
    """What a hub answers is text; what another service answers is given as JSON."""
    if reply.data is None:
        return b"OK"
    text = reply.data if isinstance(reply.data, str) else json.dumps(reply.data)
    try:
        return text.encode("latin-1")  # as hubs write the bytes they were given
    except UnicodeEncodeError:
        return text.encode()


def _listed(where: str) -> directory.Entry | None:
    """Show up in this machine's list of publishers, where there can be one."""
    try:
        return directory.register("publisher", where, listens=False)
    except Unavailable:
        return None
