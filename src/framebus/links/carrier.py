"""What stands underneath a session: messages in and out of one end, over whatever connects it.

The session compares peers and nothing else. A connecting end talks to one peer, `CALLED`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple

from framebus.links.connection import Connection, Parcel, Parts
from framebus.links.fact import Fact
from framebus.session.outgoing import Peer, Rights

CALLED: tuple[bytes, ...] = ()
"""The peer of a connecting end."""


class Newcomer(NamedTuple):
    """Whose first message this is: its network address, and the name its key was let in under (or empty)."""

    address: str
    user: str


class Arrival(NamedTuple):
    """One message: who sent it, and its parts. No parts: a peer says that it is there."""

    peer: Peer
    parts: Parts
    newcomer: Newcomer | None = None


class Carrier(ABC):
    """Connections of one end, which listens or connects. Used by one thread at a time."""

    listens: bool
    local: str = ""
    """The path under which processes of this machine and user may come instead, where there is one."""
    encrypts: bool = False
    """True where messages are longer on their way, because they are encrypted."""
    shares: bool = False
    """True while frames made in shared memory are sent without a copy."""
    news: bool = False
    """True when `look` has something to tell."""
    over: str = ""
    """Why nobody will ever come here again; empty while somebody may."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it listens, with the port the system chose; empty for one that connects."""

    @abstractmethod
    def fileno(self) -> int:
        """The descriptor to sleep on, once `waiting()` said no."""

    @property
    def lookout(self) -> int | None:
        """A descriptor that tells about connections while somebody else reads messages, where that is another."""
        return None

    @property
    def unsent(self) -> bool:
        """True while something that was sent waits for a socket to take it, as `fileno` will tell. From any thread."""
        return False

    @abstractmethod
    def waiting(self) -> bool:
        """True when a message can be received that the descriptor may not tell about."""

    @abstractmethod
    def arrivals(self) -> Iterable[Arrival]:
        """Messages that are here, a few at a time."""

    @abstractmethod
    def send(self, peer: Peer, message: bytes | Parcel) -> bool:
        """Send to `peer`; False when there is no connection to it (any more)."""

    @abstractmethod
    def look(self, now: float) -> tuple[list[Peer], list[Fact]]:
        """What happened to connections: the peers that have gone, and the facts behind it."""

    @property
    @abstractmethod
    def deadline(self) -> float | None:
        """When to `look` again at the latest."""

    def leases(self, peer: Peer) -> int:
        """How many pictures in shared memory `peer` holds."""
        return 0

    def receiving(self, peer: Peer) -> bool:
        """True while a message of `peer` has begun to come, and is not complete."""
        return isinstance(peer, Connection) and peer.unfinished > 0

    def socket_type(self, peer: Peer) -> str:
        """The ZeroMQ socket type of `peer`, where it is known: `"REQ"` waits for an answer to each message."""
        return peer.peer_type if isinstance(peer, Connection) else ""

    def is_framebus(self, peer: Peer) -> bool:
        """True for a peer that is framebus, whatever it speaks."""
        return isinstance(peer, Connection) and peer.peer_is_framebus

    @abstractmethod
    def admit(self, peer: Peer) -> None:
        """`peer` has introduced itself properly: it may have larger messages on their way."""

    def rights(self, user: str) -> Rights | None:
        """What the key named `user` may do; None, everything, where no keys are used."""
        return None

    def revoked(self) -> Iterable[str]:
        """Names of keys that were let in and are not allowed any more, each told once; asked for every second."""
        return ()

    def dismiss(self, peer: Peer, message: bytes) -> None:
        """Send `peer` a last message and end the connection, if possible before it can answer."""
        if isinstance(peer, Connection):
            peer.hold()
        self.send(peer, message)
        self.cut(peer, "")

    @abstractmethod
    def cut(self, peer: Peer, why: str) -> None:
        """End the connection to `peer`."""

    @abstractmethod
    def forget(self, peer: Peer) -> None:
        """`peer` is gone."""

    @abstractmethod
    def close(self, linger_ms: int = 0) -> None:
        """Free everything; what was sent has `linger_ms` to leave."""
