"""Messages over a plain stream socket, TCP or unix, in the words of ZeroMQ: any libzmq peer can be at the other end.

How it is fast: a payload is received straight into the memory that its reader gets, and sent from the memory that
its owner made. While bytes keep coming or going the system call waits a little instead of us: one call moves
megabytes, without the interpreter's lock. It waits only for peers that were admitted, some milliseconds at most, and
not again for one that did not keep up until all of its backlog is written or its payload is here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket as system
import struct
import threading
import time

from framebus.links.backlog import Backlog
from framebus.links.connection import (
    ADMITTED_BYTES,
    KEEPALIVE_S,
    MAX_UNSENT,
    UNADMITTED_BYTES,
    Connection,
    Gone,
    Parcel,
    Parts,
)
from framebus.links.inherited import kept_from_children
from framebus.links.zmtp import Zmtp, before_payload, one_part

WAIT_MS = 2
"""How long one system call may wait for a peer that keeps up; systems round it up to their own tick, often 4 ms."""
PATIENCE_S = 0.01
"""How long one `send` or `flush` goes on writing; the rest when it is the connection's turn again."""
SLOW_S = 0.004
"""A write that takes longer, and moves little for that, was mostly waiting."""
BULK_BYTES = 64 * 1024
"""From here on waiting is worth it: so much came at once, or is there to be written."""
BRISK_BYTES = 1024 * 1024
"""A peer that moves less in one wait is slow: on one machine it is several times as much."""
BRISK_RATE = BRISK_BYTES / SLOW_S
"""Bytes per second."""
TCP_BYTES = 16 * 1024 * 1024
UNIX_BYTES = 256 * 1024
"""The most that a first call is given to write: on TCP it waits once for all, on a unix socket anew for each 100 KB;
then twice as much each time, as the peer keeps up."""
UNIX_ROOM_BYTES = 512 * 1024
"""What a unix socket may hold that nobody read yet, where the system allows it; TCP finds its own measure."""
DIRECT_BYTES = 16 * 1024
"""The rest of a part that is read straight to its place; less than that comes with what follows it."""
SCRATCH_BYTES = 64 * 1024
MAX_READS = 16
"""After so many reads others have their turn: what is left keeps the socket readable."""

_AT_ONCE = system.MSG_DONTWAIT
_QUIET = getattr(system, "MSG_NOSIGNAL", 0)
_QUIET_AT_ONCE = _QUIET | _AT_ONCE
_WHOLE = system.MSG_WAITALL
_NOT_YET = (errno.EINPROGRESS, errno.EALREADY, errno.ENOTCONN)


class _Scratch(threading.local):
    """Where small things are received; a thread's connections share it, as nothing stays in it."""

    def __init__(self) -> None:
        self.room = memoryview(bytearray(SCRATCH_BYTES))


_scratch = _Scratch()


class StreamConnection(Connection):
    """ZMTP 3.1 over a connected or connecting stream socket, which it owns from now on.

    `initiator`: this side connected. `where` names the other side for people. `limit_unadmitted` and `limit` bound
    the bytes of one message (32 more counted for each part) before and after `admit`. A refused connection shows as
    `Gone` at the first `flush` or `receive`. One thread at a time. A call that an exception of another's (a signal
    handler's) cut short may have lost bytes, so the connection is `Gone` from then on. What makes the connection
    unreadable also makes its socket readable: whoever polls will call `receive` and be told.
    """

    def __init__(
        self,
        sock: system.socket,
        *,
        initiator: bool,
        where: str,
        limit_unadmitted: int = UNADMITTED_BYTES,
        limit: int = ADMITTED_BYTES,
    ) -> None:
        self.where = where
        self.spoke = False
        """True once a message came."""
        self._sock = kept_from_children(sock)
        self._limit = limit
        self._admitted = False
        self._zmtp = Zmtp(initiator=initiator, limit=limit_unadmitted)
        self._backlog = Backlog()
        self._over: str | None = None
        self._heard = False
        self._busy = False
        self._slow = False
        self._stalled = False
        self._at_once = TCP_BYTES if _prepare(sock) else UNIX_BYTES
        self._backlog.add(*self._zmtp.outgoing())

    @property
    def peer_type(self) -> str:
        """The other side's ZeroMQ socket type (`"REQ"`), empty until `ready`."""
        return self._zmtp.peer_type

    @property
    def peer_is_framebus(self) -> bool:
        """True when the other side says that it is framebus, too; False until `ready`."""
        return self._zmtp.peer_is_framebus

    @property
    def wants_keys(self) -> bool:
        """True when it is `Gone` because the other side speaks with keys only."""
        return self._zmtp.wants_keys

    @property
    def pending(self) -> bool:
        """True while something waits until the socket can be written to."""
        return bool(self._backlog)

    @property
    def unfinished(self) -> int:
        """Bytes held of a message that is not complete yet."""
        return self._zmtp.unfinished

    def fileno(self) -> int:
        """The socket, for epoll (level-triggered); -1 once closed."""
        return self._sock.fileno()

    def admit(self) -> None:
        """Larger messages from now on, and a little patience while they come and go."""
        self._admitted = True
        self._zmtp.limit = self._limit

    def receive(self) -> list[Parts]:
        """Messages that are complete by now; see `Connection.receive`. An empty message is an empty list of parts."""
        self._look_back()
        if self._over is None:
            self._busy = True
            self._read_and_answer()
        messages = self._zmtp.messages()
        self._busy = False
        if messages:
            self.spoke = True
        elif self._over is not None:
            raise Gone(self._over)
        return messages

    def send(self, message: bytes | Parcel) -> None:
        """Send it, or keep what the socket does not take; see `Connection.send`.

        That the other side hung up is not an error here: `receive` gives its last messages and then says so.
        """
        if self._over is None and not self.ready:
            raise RuntimeError(f"nothing can be sent to {self.where} before the connection is ready")
        self._enter()
        idle = not self._backlog
        envelope = self._zmtp.envelope
        if isinstance(message, bytes):
            self._add_short(envelope + one_part(message), idle=idle)
        else:
            if message.framed is None:
                message.framed = before_payload(message.head, len(message.payload))
            self._backlog.add(envelope + message.framed, message.payload)
        if idle and self._backlog:
            self._write()
        elif len(self._backlog) > MAX_UNSENT:
            self._give_up()
        self._leave()

    def flush(self) -> None:
        """Write what is pending, as far as the socket takes it; see `Connection.flush`."""
        self._enter()
        self._write()
        self._leave()

    def hold(self) -> None:
        """See `Connection.hold`."""
        with contextlib.suppress(OSError, AttributeError):  # Linux has it, for TCP
            self._sock.setsockopt(system.IPPROTO_TCP, system.TCP_CORK, 1)

    def finish(self) -> None:
        """See `Connection.finish`."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(system.SHUT_WR)

    def close(self) -> None:
        """Close the socket and forget what was not written; more than once is fine."""
        self._over = self._over or ""
        self.ready = False
        self._backlog.clear()
        self._sock.close()

    def _look_back(self) -> None:
        if self._busy:
            self._end("a call was interrupted while bytes were on their way")

    def _enter(self) -> None:
        self._look_back()
        if self._over is not None:
            raise Gone(self._over)
        self._busy = True

    def _leave(self) -> None:
        self._busy = False
        if self._over is not None:
            raise Gone(self._over)

    # reading ------------------------------------------------------------------------------------------------------

    def _read_and_answer(self) -> None:
        was_ready = self.ready
        try:
            self._read()
        except BlockingIOError:
            pass
        except OSError as error:
            self._failed(error)
        if self._zmtp.over is not None:
            self._end(self._zmtp.over)
        if self._over is not None:
            return
        self.ready = self._zmtp.ready
        answers = self._zmtp.outgoing()
        for answer in answers:
            if was_ready:
                self._backlog.urgent(answer)
            else:
                self._backlog.add(answer)
        if answers:
            self._write()

    def _read(self) -> None:
        """Read until there is no more, a large payload is complete, or others should have their turn."""
        last = 0
        for _ in range(MAX_READS):
            hole = self._zmtp.hole
            if hole is None or len(hole) < DIRECT_BYTES:
                last = self._read_small()
                if last < SCRATCH_BYTES:
                    return
                continue
            asked, patient = len(hole), last >= BULK_BYTES and self._admitted and not self._slow
            last = self._read_bulk(hole, patient)
            if last < asked:
                self._slow = self._slow or (patient and last < BRISK_BYTES)
                if patient or last < BULK_BYTES:
                    return
            elif asked >= BULK_BYTES:
                return

    def _read_small(self) -> int:
        room = _scratch.room
        count = self._sock.recv_into(room, SCRATCH_BYTES, _AT_ONCE)
        self._heard = True
        self._slow = False
        if count:
            self._zmtp.feed(room[:count])
        else:
            self._hung_up()
        return count

    def _read_bulk(self, hole: memoryview, patient: bool) -> int:
        count = self._sock.recv_into(hole, len(hole), _WHOLE if patient else _AT_ONCE)
        if count:
            self._zmtp.filled(count)
        else:
            self._hung_up()
        return count

    # writing ------------------------------------------------------------------------------------------------------

    def _add_short(self, message: bytes, *, idle: bool) -> None:
        """Most control messages are written at once and whole: then nothing is left for the backlog."""
        count = 0
        if idle and len(message) < BULK_BYTES:
            with contextlib.suppress(OSError):  # `_write` will meet it, too, and deal with it
                count = self._sock.send(message, _QUIET_AT_ONCE)
        if count < len(message):
            self._backlog.add(message)
            self._backlog.written(count)

    def _write(self) -> None:
        """Write the backlog until the socket takes no more; what goes wrong shows in `_over`, at last."""
        try:
            self._write_some()
        except BlockingIOError:
            self._stalled = True
        except ConnectionError as error:
            if self._heard:  # its last messages may be waiting to be read, and the end of the connection behind them
                self._backlog.clear()
            else:
                self._failed(error)
        except OSError as error:
            self._failed(error)
        if not self._backlog:
            self._stalled = False
        elif len(self._backlog) > MAX_UNSENT:
            self._give_up()

    def _write_some(self) -> None:
        began = now = time.monotonic()
        most = self._at_once
        while self._backlog and now - began < PATIENCE_S:
            pieces, total = self._backlog.next(most)
            patient = total >= BULK_BYTES and self._admitted and not self._stalled
            count = self._sock.sendmsg(pieces, (), _QUIET if patient else _QUIET_AT_ONCE)
            self._backlog.written(count)
            before, now = now, time.monotonic()
            self._stalled = self._stalled or count < total or now - before > max(SLOW_S, count / BRISK_RATE)
            if count < total:
                return
            most *= 2

    # the end ------------------------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        self._end("it does not read what it asked for")

    def _hung_up(self) -> None:
        self._end("" if self._zmtp.ready else "it hung up before it had introduced itself")

    def _failed(self, error: OSError) -> None:
        code = error.errno
        if code in _NOT_YET and not self._heard:
            code = self._sock.getsockopt(system.SOL_SOCKET, system.SO_ERROR)
            if not code:
                return
        if self._zmtp.ready and (isinstance(error, ConnectionError) or code == errno.ENOTCONN):
            self._end("")
        else:
            self._end(os.strerror(code or 0).lower())

    def _end(self, reason: str) -> None:
        """Nothing more is read or written. The socket becomes readable, so that whoever polls it finds out."""
        if self._over is None:
            self._over = reason
            self.ready = False
            self._backlog.clear()
            with contextlib.suppress(OSError):
                self._sock.shutdown(system.SHUT_RDWR)


def _prepare(sock: system.socket) -> bool:
    """Blocking, but for no longer than `WAIT_MS`: calls that must not wait say so themselves. True for TCP."""
    sock.settimeout(None)
    wait = struct.pack("@ll", 0, WAIT_MS * 1000)
    sock.setsockopt(system.SOL_SOCKET, system.SO_RCVTIMEO, wait)
    sock.setsockopt(system.SOL_SOCKET, system.SO_SNDTIMEO, wait)
    if sock.family not in (system.AF_INET, system.AF_INET6):
        sock.setsockopt(system.SOL_SOCKET, system.SO_SNDBUF, UNIX_ROOM_BYTES)
        return False
    sock.setsockopt(system.IPPROTO_TCP, system.TCP_NODELAY, 1)
    sock.setsockopt(system.SOL_SOCKET, system.SO_KEEPALIVE, 1)
    idle = getattr(system, "TCP_KEEPIDLE", None) or getattr(system, "TCP_KEEPALIVE", None)  # the second: macOS
    if idle is not None:
        sock.setsockopt(system.IPPROTO_TCP, idle, KEEPALIVE_S)
    return True
