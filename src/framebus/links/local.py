"""A connection between two processes of one machine: messages over a unix socket, pixels in shared memory."""

from __future__ import annotations

import contextlib
import os
import socket as system
import threading
import weakref
from collections.abc import Callable

from framebus.core.errors import BadFrame, Unavailable
from framebus.links import datagrams, rights
from framebus.links.connection import Connection, Gone, Parcel, Parts
from framebus.links.datagram_queue import Outbox
from framebus.links.pieces import pieces
from framebus.links.unpacking import Unpacking
from framebus.memory.borrowing import MANY, Borrowing
from framebus.memory.lending import Lending
from framebus.memory.placing import Place, place
from framebus.memory.pool import pool

AT_ONCE = 16
"""Datagrams taken in one call."""
BUFFER_BYTES = 1 << 20
"""What the kernel is asked to keep for a peer that is busy; it may allow less."""


class LocalConnection(Connection):
    """Both sides may send frames and replies: each from slots of its own, seen by the other in place.

    `receive` gives read-only views; each keeps its slot until the last thing derived from it is gone, in whatever
    thread that happens, also after the connection has ended. A reader that holds seven of them is given copies.
    When this process cannot have more shared memory, messages travel through the socket, which is slow.
    """

    shares = True

    def __init__(self, socket: system.socket, *, where: str = "") -> None:
        """Take over a connected AF_UNIX SOCK_SEQPACKET `socket`."""
        self.where = where
        self.ready = True
        self._socket = socket
        self._lending = Lending()
        self._borrowing = Borrowing(_weakly(self))
        self._outbox = Outbox(socket, self._borrowing.returned)
        self._unpacking = Unpacking(self._lending, self._borrowing)
        self._end: str | None = None
        self._data = memoryview(bytearray(datagrams.MAX_DATAGRAM))
        self._buffers = [self._data]
        self._closing = threading.RLock()
        """A finalizer that sends must not find another file under the socket's number; it never waits for this."""
        socket.setblocking(False)
        with contextlib.suppress(OSError):
            socket.setsockopt(system.SOL_SOCKET, system.SO_SNDBUF, BUFFER_BYTES)
        _open.add(self)

    @property
    def unfinished(self) -> int:
        return self._unpacking.unfinished

    @property
    def leases(self) -> int:
        return len(self._lending)

    def fileno(self) -> int:
        """The socket; -1 once it is closed."""
        return self._socket.fileno()

    def admit(self) -> None:
        self._unpacking.admit()

    # sending --------------------------------------------------------------------------------------------------

    def send(self, message: bytes | Parcel) -> None:
        """As `Connection.send`; what is sent to a peer that reads no more is dropped until `receive` says the end.

        Raises `BadFrame` for a control message or first part of more than 64 KiB.
        """
        if self._end is not None:
            raise Gone(self._end)
        if self._outbox.queue:
            self.flush()
        if self._outbox.deaf:
            return
        if isinstance(message, Parcel):
            self._send_parcel(message)
        else:
            _check_length(message)
            self._outbox.post(datagrams.CONTROL, message)

    def _send_parcel(self, parcel: Parcel) -> None:
        _check_length(parcel.head)
        if parcel.payload.nbytes < datagrams.PLACE_FROM:
            self._outbox.post(datagrams.WHOLE, datagrams.whole(parcel.head, parcel.payload))
            return
        where: Place | None = parcel.placed
        if where is None:
            try:
                where = parcel.placed = place(parcel.payload)
            except Unavailable:
                self._send_in_pieces(parcel)
                return
        self._send_placed(parcel, where)

    def _send_placed(self, parcel: Parcel, where: Place) -> None:
        for index in self._lending.outdated(pool()):
            self._outbox.post(datagrams.FORGET, datagrams.forget(index), ends=False)
        slot, token = where.slot, datagrams.token(where.slot.index, where.generation)
        body = datagrams.placed(token, where.offset, parcel.payload.nbytes, parcel.head)
        if self._lending.lend(slot, token):
            self._outbox.post(datagrams.SHOWN, datagrams.shown(slot.size, body), slot)
        else:
            self._outbox.post(datagrams.PLACED, body)
        if self._outbox.deaf:
            self._lending.unlend(slot, token)

    def _send_in_pieces(self, parcel: Parcel) -> None:
        self._outbox.post(datagrams.BEGIN, datagrams.begin(parcel.payload.nbytes, parcel.head), ends=False)
        for piece, last in pieces(parcel.payload):
            self._outbox.post(datagrams.PIECE, piece, ends=last)

    @property
    def pending(self) -> bool:
        return bool(self._outbox.queue)

    def flush(self) -> None:
        """As `Connection.flush`; also tells the other side which views are gone."""
        if self._end is not None:
            raise Gone(self._end)
        if self._outbox.flush() and self._borrowing.returned:
            self.give_back()

    def give_back(self) -> None:
        """Tell the other side which views are gone, if the socket takes that at once. From any thread, finalizers too.

        A finalizer may run in the middle of any other method.
        """
        if self._end is not None or not self._closing.acquire(blocking=False):
            return
        try:
            self._outbox.give_back()
        finally:
            self._closing.release()

    # receiving ------------------------------------------------------------------------------------------------

    def receive(self) -> list[Parts]:
        """As `Connection.receive`; there may be more, then the socket stays readable."""
        if self._end is not None:
            raise Gone(self._end)
        messages: list[Parts] = []
        try:
            if self._outbox.queue:
                self.flush()
            for _ in range(AT_ONCE):
                if not self._receive(messages):
                    break
        except Gone as gone:
            self._ended(str(gone))
            if not messages:
                raise
        if len(self._borrowing.returned) >= MANY:
            self.give_back()
        return messages

    def _receive(self, messages: list[Parts]) -> bool:
        """Take one datagram; False when it makes sense to stop here."""
        try:
            size, ancillary, flags, _ = self._socket.recvmsg_into(self._buffers, rights.ROOM, rights.RECEIVE)
        except BlockingIOError:
            return False
        except ConnectionResetError:  # the other side closed without reading everything; what it sent is still here
            return True
        except OSError as error:
            raise Gone(f"cannot be received from: {error.strerror}") from error
        descriptors = rights.received(ancillary) if ancillary else []
        try:
            if flags & rights.BROKEN:
                raise Gone(rights.broken(flags))
            if not size and messages:
                return False  # the end is still there next time, and these may be answered before
            if not size:
                raise Gone
            return self._unpacking.take(self._data[:size], descriptors, messages)
        except BadFrame as error:
            raise Gone(f"broke the rules: {error}") from error
        except OSError as error:
            raise Gone(f"shows memory that cannot be mapped here: {error.strerror}") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    # the end --------------------------------------------------------------------------------------------------

    def _ended(self, why: str) -> None:
        """No more of this; the socket becomes readable for good, so that whoever waits comes to hear it."""
        self._end = why  # not the exception: its traceback would keep views
        self._outbox.queue.clear()
        self._unpacking.clear()
        with contextlib.suppress(OSError):
            self._socket.shutdown(system.SHUT_RDWR)

    def finish(self) -> None:
        if self._end is None:
            self.flush()
            self._outbox.deaf = True
            with contextlib.suppress(OSError):
                self._socket.shutdown(system.SHUT_WR)

    def close(self) -> None:
        """As `Connection.close`. Views that were received stay as they are for as long as they live.

        What the other side still had of this process's memory is never written to again.
        """
        if self._end is None:
            with contextlib.suppress(Gone):
                self.flush()
            self._end = "is closed here"
        with self._closing:
            self._socket.close()
        _open.discard(self)
        self._outbox.queue.clear()
        self._lending.close()
        self._borrowing.close()

    def disown(self) -> None:
        """In a forked child: the connection is the parent's, and so are its leases."""
        self._end = "belongs to the process that this one was forked from"
        self._closing = threading.RLock()  # another thread of the parent may have held it
        self._socket.close()
        self._outbox.queue.clear()
        self._lending.close()
        self._borrowing.close()


def _check_length(head: bytes) -> None:
    if len(head) > datagrams.MAX_PART:
        raise BadFrame(f"a message or header of {len(head)} bytes: the limit is {datagrams.MAX_PART}")


def _weakly(connection: LocalConnection) -> Callable[[], None]:
    """What a view does when it ends: nothing, if the connection is gone."""
    reference = weakref.ref(connection)

    def give_back() -> None:
        found = reference()
        if found is not None:
            found.give_back()

    return give_back


_open: weakref.WeakSet[LocalConnection] = weakref.WeakSet()


def _forked() -> None:
    for connection in list(_open):
        connection.disown()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
