"""What the carrier knows about the other ends: where they are and what their keys allow."""

from __future__ import annotations

from typing import NamedTuple

from framebus.session.outgoing import Peer, Rights


class Guest(NamedTuple):
    """One connection: its network address, its key's name, and what that allows (None: everything)."""

    address: str = ""
    rights: Rights | None = None
    user: str = ""


class Guests:
    """Who is connected. Peers nobody introduced may do everything: the carrier lets in only whom it may."""

    def __init__(self) -> None:
        self.encrypted = False
        """Messages to and from them are encrypted, and so longer on their way."""
        self._guests: dict[Peer, Guest] = {}

    def introduce(self, peer: Peer, guest: Guest) -> None:
        """The carrier tells who `peer` is, before its first message."""
        self._guests[peer] = guest

    def forget(self, peer: Peer) -> None:
        """`peer` is gone."""
        self._guests.pop(peer, None)

    def rights(self, peer: Peer) -> Rights | None:
        """What `peer` may do."""
        guest = self._guests.get(peer)
        return guest.rights if guest else None

    def named(self, user: str) -> list[Peer]:
        """The connections made with the key of `user`."""
        return [peer for peer, guest in self._guests.items() if guest.user == user]

    def address(self, peer: Peer) -> str:
        """Where `peer` is."""
        guest = self._guests.get(peer)
        return guest.address if guest else ""
