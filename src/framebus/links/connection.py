"""One connected socket that carries whole messages, and what is sent over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

Parts = list[memoryview]
"""A message as it came: one to eight parts, each a flat read-only view of bytes."""

UNADMITTED_BYTES = 24 * 1024 * 1024
"""What a stranger may send in one message: holds the first picture of an old sender, up to raw 4K."""
ADMITTED_BYTES = 256_000_000 + 64 * 1024
MAX_PARTS = 8
KEEPALIVE_S = 300
"""After so long a silence the system asks whether the other machine is there."""
MAX_UNSENT = 64
"""Messages kept for a peer that does not read; a peer that is held to its credit has far fewer."""


class Gone(Exception):  # noqa: N818  (an event of the connection, not a mistake of the program)
    """This connection is over. `str()` says why for people; empty for an ordinary end."""


class Parcel:
    """A message of two parts on its way out, made once however many readers it goes to."""

    __slots__ = ("framed", "head", "payload", "placed")

    def __init__(self, head: bytes, payload: memoryview) -> None:
        self.head = head
        """The JSON header, or a control message that announces a payload."""
        self.payload = payload
        """Flat bytes, contiguous; the owner's own memory, which stays as it is while this exists."""
        self.framed: Any = None
        """What a stream writes before the payload; made and used by stream connections."""
        self.placed: Any = None
        """Where the payload lies in shared memory; made and used by local connections."""


class Connection(ABC):
    """Whole messages over one connected socket. Used by one thread at a time; `close()` from the same.

    It never blocks for longer than a few milliseconds, and only while bytes keep moving.
    """

    where: str = ""
    """The other side for people: `192.168.1.7:41234`, `pid 4711`."""
    ready: bool = False
    """True once both sides know that they speak the same protocol; only then does `send` work."""

    shares: bool = False
    """True where payloads in shared memory are sent without a copy."""

    @abstractmethod
    def fileno(self) -> int:
        """The socket, for epoll."""

    @abstractmethod
    def receive(self) -> list[Parts]:
        """Messages that are complete by now, in order; none when there are none. Also moves the handshake on.

        Raises `Gone` at the end of the connection or when the other side broke the rules (then with a reason), after
        the messages before it were given.
        """

    @abstractmethod
    def send(self, message: bytes | Parcel) -> None:
        """Send a control message of one part, or a parcel: writes what the socket takes and keeps the rest.

        Raises `Gone` when the connection is over, or `MAX_UNSENT` messages are waiting for a peer that does not read.
        """

    @property
    def peer_type(self) -> str:
        """The other side's ZeroMQ socket type (`"REQ"`), where it has one."""
        return ""

    @property
    def peer_is_framebus(self) -> bool:
        """True when the other side says that it is framebus, too."""
        return self.shares

    @property
    def unfinished(self) -> int:
        """Bytes held of a message that is not complete yet."""
        return 0

    @property
    def leases(self) -> int:
        """How many pictures in shared memory the other side holds."""
        return 0

    @property
    def wants_keys(self) -> bool:
        """True when it is over because the other side speaks with keys only."""
        return False

    @property
    @abstractmethod
    def pending(self) -> bool:
        """True while something waits until the socket can be written to."""

    @abstractmethod
    def flush(self) -> None:
        """Write what is pending, as far as the socket takes it. Raises `Gone`."""

    def admit(self) -> None:
        """The other side introduced itself properly: it may send larger messages from now on."""
        return

    def hold(self) -> None:
        """What is sent from now on leaves together with the end of the connection, where the system can do that."""
        return

    def finish(self) -> None:
        """Nothing more will be sent: the other side reads to the end of what was. Call when nothing is pending."""
        return

    @abstractmethod
    def close(self) -> None:
        """Close the socket; more than once is fine."""
