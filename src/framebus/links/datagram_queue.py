"""Datagrams on their way to the other process: sent at once, or kept in order until the socket takes them."""

from __future__ import annotations

import errno
import socket as system
import time
from collections import deque
from dataclasses import dataclass

from framebus.links import datagrams, rights
from framebus.links.connection import MAX_UNSENT, Gone
from framebus.memory.slot import Slot

_FULL = (errno.ENOBUFS, errno.ENOMEM, errno.ETOOMANYREFS)
_OVER = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)
_BARE = [bytes((kind, 0)) for kind in range(16)]


@dataclass(slots=True)
class _Datagram:
    """One that waits for the socket; `ends` a message, and shows `slot` if there is one."""

    data: bytes
    slot: Slot | None
    ends: bool


class Outbox:
    """What one connection sends. Tokens in `returned` travel with whatever is sent next.

    Used by one thread at a time, but for `give_back`, which finalizers call in the middle of anything else.
    """

    def __init__(self, socket: system.socket, returned: deque[bytes]) -> None:
        """`returned` may be added to by any thread."""
        self.queue: deque[_Datagram] = deque()
        """Those that wait."""
        self.deaf = False
        """The other side reads no more: what is sent is dropped. What it sent before is still to be received."""
        self._socket = socket
        self._returned = returned
        self._unsent = 0

    def post(self, kind: int, body: bytes | memoryview, slot: Slot | None = None, *, ends: bool = True) -> None:
        """Send one datagram with whatever tokens wait, or keep it. Raises `Gone` when too many messages wait."""
        data = self._prefix(kind) + body
        if not self.queue and self._transmit(data, slot):
            return
        self.queue.append(_Datagram(data, slot, ends))
        self._unsent += ends
        if self._unsent > MAX_UNSENT:
            raise Gone(f"does not read: {MAX_UNSENT} messages are waiting for it")

    def flush(self) -> bool:
        """Send what waits; False when the socket takes no more now."""
        while self.queue:
            datagram = self.queue[0]
            if not self._transmit(datagram.data, datagram.slot):
                return False
            self.queue.popleft()
            self._unsent -= datagram.ends
        return True

    def give_back(self) -> None:
        """Send the tokens alone, if the socket takes that at once."""
        data = self._prefix(datagrams.NOTHING)
        if len(data) == len(_BARE[datagrams.NOTHING]):
            return
        try:
            self._socket.send(data, rights.SEND)
        except OSError:  # full: with another message then; over: whoever receives is told
            self._returned.extend(datagrams.split(memoryview(data))[1])

    def _prefix(self, kind: int) -> bytes:
        returned = self._returned
        if not returned:
            return _BARE[kind]
        tokens: list[bytes] = []
        try:
            while len(tokens) < datagrams.MAX_TOKENS:
                tokens.append(returned.popleft())
        except IndexError:  # asking before would not help: finalizers of other threads take from it too
            pass
        return datagrams.prefix(kind, tokens)

    def _transmit(self, data: bytes, slot: Slot | None) -> bool:
        """False when the socket takes nothing now."""
        if self.deaf:
            return True
        try:
            if slot is None:
                self._socket.send(data, rights.SEND)
            else:
                rights.send(self._socket, data, slot.descriptor)
        except BlockingIOError:
            return False
        except OSError as error:
            return self._failed(error)
        return True

    def _failed(self, error: OSError) -> bool:
        if error.errno in _FULL:
            time.sleep(0.001)  # epoll does not know when this is over
            return False
        if error.errno in _OVER:
            self.deaf = True
            return True
        raise Gone(f"cannot be sent to: {error.strerror}") from error
