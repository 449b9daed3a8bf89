"""Connections, doors and dials that do as they are told, for a switchboard."""

from __future__ import annotations

import contextlib
import socket as system
from contextlib import ExitStack, closing

from framebus.links.connection import Connection, Gone, Parcel, Parts
from framebus.links.dialling import Attempt, Dial
from framebus.links.switchboard import Switchboard
from tests.links.boards import End


class Fake(Connection):
    """Says what the test says."""

    def __init__(self, where: str = "a fake", *, ready: bool = True, unfinished: int = 0) -> None:
        self.where = where
        self.ready = ready
        self._unfinished = unfinished
        self.sent: list[bytes | Parcel] = []
        self.waiting = 0
        self.admitted = self.closed = self.broken = self.keyed = self.shakes_hands = False
        self._inbox: list[Parts | Gone] = []
        self._near, self._far = system.socketpair()
        self._near.setblocking(False)

    @property
    def unfinished(self) -> int:
        return self._unfinished

    @property
    def wants_keys(self) -> bool:
        return self.keyed

    @property
    def pending(self) -> bool:
        return self.waiting > 0

    def says(self, *messages: bytes) -> None:
        self._inbox += [[memoryview(message)] for message in messages]
        self._far.send(b"x")

    def ends(self, why: str = "") -> None:
        self._inbox.append(Gone(why))
        self._far.send(b"x")

    def fileno(self) -> int:
        return self._near.fileno()

    def receive(self) -> list[Parts]:
        messages: list[Parts] = []
        self.ready = self.ready or self.shakes_hands
        while self._inbox:
            first = self._inbox[0]
            if isinstance(first, Gone):
                if messages:
                    return messages
                raise first
            messages.append(first)
            self._inbox.pop(0)
        with contextlib.suppress(BlockingIOError):
            self._near.recv(4096)
        return messages

    def send(self, message: bytes | Parcel) -> None:
        if self.broken:
            raise Gone("it broke")
        self.sent.append(message)

    def flush(self) -> None:
        self.waiting = 0

    def admit(self) -> None:
        self.admitted = True

    def close(self) -> None:
        self.closed = True
        self._near.close()
        self._far.close()


class FakeDoor:
    """Lets in whom the test sends."""

    address = "fake://here"

    def __init__(self) -> None:
        self._outside: list[Fake] = []
        self._near, self._far = system.socketpair()
        self._near.setblocking(False)

    def comes(self, *connections: Fake) -> None:
        self._outside += connections
        self._far.send(b"x")

    @property
    def outside(self) -> int:
        """How many wait."""
        return len(self._outside)

    def fileno(self) -> int:
        return self._near.fileno()

    def accept(self) -> tuple[Connection, str] | None:
        if self._outside:
            return self._outside.pop(0), "192.0.2.7"
        with contextlib.suppress(BlockingIOError):
            self._near.recv(4096)
        return None

    def close(self) -> None:
        self._near.close()
        self._far.close()


class FakeDial(Dial):
    """Reaches whom the test puts there."""

    def __init__(self, *answers: Fake | None) -> None:
        super().__init__("fake://there")
        self.answers = list(answers)
        self.moved = False
        self.tries = 0

    def attempt(self, now: float) -> Attempt:
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else None
        return (None, 0.25, "") if answer is None else (answer, 0.0, "")

    def elsewhere(self) -> bool:
        return self.moved

    def pause(self, stood: bool, why: str) -> float:
        return 2.0 if why else 0.25 if stood else 0.5


def dials(stack: ExitStack, dial: FakeDial) -> End:
    return stack.enter_context(closing(End(Switchboard(dial=dial))))
