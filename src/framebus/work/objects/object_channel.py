"""The way to an object: whether it is there, questions to it, waiting for its answers."""

from __future__ import annotations

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Protocol

from framebus.core.addresses import Link
from framebus.core.closing import Closing
from framebus.core.errors import Closed, Error
from framebus.core.frame import Array, Frame, Identity
from framebus.links import vigil
from framebus.links.publishing import LinkPublisher
from framebus.wire.control import Reply
from framebus.work.service_link import Line

MAX_LOOKS = 8
LOOK_S = 0.02
"""How often to look for somebody who is not there, while something waits for them."""


class Hearer(Protocol):
    """Who asks. Called in any thread, partly under a link's lock: be quick, and do not ask."""

    @property
    def busy(self) -> bool:
        """True while something is asked and not answered."""
        ...

    def heard(self, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """An answer came."""
        ...

    def news(self) -> None:
        """Somebody came or went: whoever waits should look."""
        ...


class Channel(Closing, ABC):
    """What a front speaks through. Safe to use from several threads."""

    name: str
    """For people: the address, or the name of the class."""
    private: bool
    """The object is ours alone: we are there from its beginning, and what it was asked dies with it."""

    @abstractmethod
    def look(self) -> Hashable | None:
        """Take in what came, that the other end has gone perhaps; then `connection`."""

    @property
    @abstractmethod
    def connection(self) -> Hashable | None:
        """Which connection there is now; another one may lead to another object. None while nobody is there."""

    @abstractmethod
    def broken(self, connection: Hashable) -> str:
        """Why what was asked over that connection will never be answered; empty where it may be."""

    @property
    @abstractmethod
    def absence(self) -> str:
        """Why nobody is there, for people."""

    @property
    @abstractmethod
    def over(self) -> Error | None:
        """What to raise, where nobody will ever be there again."""

    @abstractmethod
    def send(self, frame: Frame) -> bool:
        """Ask; only while there is a connection. False: it has just gone, and nothing was sent.

        Raises `BadFrame` for what is too large.
        """

    @abstractmethod
    def wait(self, bell: int, limit_s: float) -> None:
        """Until something came, the descriptor `bell` is readable, or `limit_s` have passed."""


class ObjectLine(Line):
    """A line whose connections can be told apart."""

    @property
    def connection(self) -> int | None:
        """Another number with every connection; None while there is none."""
        return self._calling.attempt if self.present and self._calling.welcomed else None


class Elsewhere(Channel):
    """An object that is served at an address; whoever serves it may come and go."""

    private = False

    def __init__(self, name: str, address: Link, hearer: Hearer) -> None:
        self.name = name
        self._hearer = hearer
        self._line = ObjectLine(address, hearer.heard)
        self._closed = False

    def __str__(self) -> str:
        return self.name

    @property
    def connection(self) -> Hashable | None:
        return self._line.connection

    @property
    def absence(self) -> str:
        return self._line.obstacle

    @property
    def over(self) -> Error | None:
        if self._closed:
            return Closed(f"{self.name}: this remote is closed: make a new one")
        why = self._line.refusal
        return None if why is None else Closed(why)

    def look(self) -> Hashable | None:
        look(self._line.publisher)
        return self._line.connection

    def broken(self, connection: Hashable) -> str:
        return ""

    def send(self, frame: Frame) -> bool:
        self._line.send(frame)
        return True

    def wait(self, bell: int, limit_s: float) -> None:
        here = self._line.connection is not None
        vigil.wait([self._line.publisher], [bell], limit_s if here else min(limit_s, LOOK_S))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._line.close(busy=self._hearer.busy)


def look(publisher: LinkPublisher | None) -> bool:
    """Take in what came over a link; whether there is one, with somebody at its other end."""
    if publisher is None or not publisher.expect():
        return False
    publisher.met(time.monotonic())
    for _ in range(MAX_LOOKS):  # behind what was said last there may be the end
        if not _readable(publisher.descriptor) or not publisher.expect():
            break
        publisher.met(time.monotonic())
    return publisher.readers_present() > 0


def _readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
