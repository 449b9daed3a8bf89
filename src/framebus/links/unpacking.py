"""Received datagrams taken apart: into messages, and what they say about shared memory."""

from __future__ import annotations

from framebus.core.errors import BadFrame
from framebus.links import datagrams
from framebus.links.connection import ADMITTED_BYTES, UNADMITTED_BYTES, Parts
from framebus.links.pieces import Assembly
from framebus.memory.borrowing import Borrowing
from framebus.memory.lending import Lending

_BETWEEN = (datagrams.PIECE, datagrams.FORGET, datagrams.NOTHING)
"""Kinds that may come while a message comes in pieces."""


class Unpacking:
    """Of one connection: ends what was lent to the other side, and borrows what that shows."""

    def __init__(self, lending: Lending, borrowing: Borrowing) -> None:
        self._lending = lending
        self._borrowing = borrowing
        self._limit = UNADMITTED_BYTES
        self._assembly: Assembly | None = None

    @property
    def unfinished(self) -> int:
        """Bytes held of a message that is not complete yet."""
        return self._assembly.nbytes if self._assembly else 0

    def admit(self) -> None:
        """Larger messages from now on."""
        self._limit = ADMITTED_BYTES

    def clear(self) -> None:
        """No more will come of a message that is not complete."""
        self._assembly = None

    def take(self, data: memoryview, descriptors: list[int], messages: list[Parts]) -> bool:
        """Take one datagram apart and append the message that it completes; False when it makes sense to stop here.

        Of `descriptors`, which came along, it removes those that it takes over. Raises `BadFrame` and `OSError`.
        """
        kind, tokens, start = datagrams.split(data)
        for token in tokens:
            self._lending.end(token)
        body = data[start:]
        if self._assembly is not None and kind not in _BETWEEN:
            raise BadFrame("a message began in the middle of another")
        if kind == datagrams.CONTROL:
            messages.append([memoryview(bytes(body))])
        elif kind in (datagrams.PLACED, datagrams.SHOWN):
            messages.append(self._placed(kind, body, descriptors))
            return False  # a frame is there: looking in vain for more would cost it time
        elif kind == datagrams.WHOLE:
            messages.append(list(datagrams.read_whole(body)))
        elif kind in (datagrams.BEGIN, datagrams.PIECE):
            self._take_piece(kind, body, messages)
        elif kind == datagrams.FORGET:
            self._borrowing.forget(datagrams.read_forget(body))
        elif kind != datagrams.NOTHING:
            raise BadFrame(f"a datagram of kind {kind}: another version of framebus, or not framebus")
        return True

    def _placed(self, kind: int, body: memoryview, descriptors: list[int]) -> Parts:
        size = 0
        if kind == datagrams.SHOWN:
            size, body = datagrams.read_shown(body)
        use, index, offset, nbytes, head = datagrams.read_placed(body)
        self._check_size(len(head) + nbytes)
        if kind == datagrams.SHOWN:
            if not descriptors:
                raise BadFrame("shared memory without a file descriptor")
            self._borrowing.show(index, descriptors.pop(0), size)
        return [head, self._borrowing.take(use, index, offset, nbytes)]

    def _take_piece(self, kind: int, body: memoryview, messages: list[Parts]) -> None:
        if kind == datagrams.BEGIN:
            nbytes, head = datagrams.read_begin(body)
            self._check_size(len(head) + nbytes)
            self._assembly = Assembly(head, nbytes)
        elif self._assembly is None:
            raise BadFrame("a piece that belongs to no message")
        elif (message := self._assembly.add(body)) is not None:
            messages.append(message)
            self._assembly = None

    def _check_size(self, nbytes: int) -> None:
        if nbytes > self._limit:
            raise BadFrame(f"a message of {nbytes} bytes: the limit is {self._limit}")
