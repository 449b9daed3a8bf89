"""The link between those who ask and a service elsewhere: the service listens, whoever asks connects, at any address.

Unlike streams, which a publisher names and readers choose, questions of many askers come to one service: nothing is
chosen by name, and over `shm://` it is the reading side that listens.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from framebus.core.addresses import Link, is_local_host, network_wide
from framebus.core.errors import AddressError, Unavailable
from framebus.core.frame import Frame
from framebus.core.redaction import redact
from framebus.links import directory, making
from framebus.links.carrier import CALLED
from framebus.links.leaving import tidy_at_exit
from framebus.links.party import party
from framebus.links.publishing import LinkPublisher
from framebus.links.reading import ReadingEnd
from framebus.links.receiving import LinkSource
from framebus.links.writing import OnAnswer, WritingEnd
from framebus.session.handshake import Calling
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import PublisherRules, ReaderRules

GROUP = "service"
"""Askers keep what they asked until it is answered, also while the service is away: it is a lossless group's."""


def answer_at(address: Link, *, allow: Sequence[str] = (), insecure: bool = False) -> LinkSource:
    """Listen at `address` for frames to answer. Raises `Unavailable` where the place is taken or keys are missing."""
    for peer in address.peers:
        if not (network_wide(peer.host) or is_local_host(peer.host)):
            raise AddressError(f"cannot serve at {address}: {peer.host} is another machine; serve on that one")
    session = ReaderSession(ReaderRules(keep="all", group=GROUP), party())
    tidy_at_exit()
    try:
        end = ReadingEnd(session, str(address), lambda attempt: making.listening(address, allow, insecure))
    except Unavailable as error:
        raise _taken(address) or error from error
    end.entry = _registered(end.address)
    return LinkSource(end)


class Line:
    """The asking end. Connects to a service now or whenever there is one; it may go and come back."""

    def __init__(self, address: Link, on_reply: OnAnswer) -> None:
        self._where = redact(str(address))
        self._calling = Calling(secrets.token_hex(8), CALLED)
        session = PublisherSession(PublisherRules(live=False), party(), calling=self._calling)
        tidy_at_exit()
        end = WritingEnd(
            session,
            str(address),
            making.connecting(address),
            peers=max(1, len(address.peers)),
            may_move=address.scheme != "shm",
            on_reply=on_reply,
        )
        self.publisher = LinkPublisher(end, name="ask")
        """The link itself: whoever waits for answers may drive it."""

    @property
    def present(self) -> bool:
        """True while the service is connected."""
        return self.publisher.readers_present() > 0

    @property
    def refusal(self) -> str | None:
        """Why the service does not want us, once it said so for good."""
        why = self._calling.refusal
        return None if why is None else f"{self._where} refused: {why}"

    @property
    def obstacle(self) -> str:
        """What keeps us from the service, for people; empty while it is there."""
        if self.present:
            return ""
        why = self._calling.last_refusal.removeprefix(f"{self._where}: ")
        return f"nobody serves {self._where}" + (f" ({why})" if why else "")

    def send(self, frame: Frame) -> None:
        """Ask; kept for the service until it has answered."""
        self.publisher.send(frame)

    def close(self, *, busy: bool) -> None:
        """Take leave; what is asked, where it is `busy`, is not waited for."""
        if busy or not self.present:
            self.publisher.abandon()
        else:
            self.publisher.close()


def _registered(address: str) -> directory.Entry | None:
    try:
        return directory.register("reader", address, listens=True)
    except Unavailable:
        return None


def _taken(address: Link) -> Unavailable | None:
    """Who of ours listens there already."""
    records: Sequence[directory.Record] = ()
    with suppress(Unavailable):
        records = directory.entries()
    for record in records:
        if record.address == str(address) and record.listens:
            return Unavailable(
                f"cannot serve at {address}: process {record.pid} ({record.command}) listens there already; "
                "stop it or choose another address"
            )
    return None
