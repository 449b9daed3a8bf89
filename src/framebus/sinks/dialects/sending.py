"""A place where a program of another system takes frames, as a sink: a thread of its own sends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

import zmq

from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.links import owned
from framebus.sinks.dialects.send_queue import Letter, Outbox
from framebus.wire.encodings import encode as encode_frame

JOIN_S = 5.0
LEAVE_S = 0.5
EXIT_S = 1.0

log = logging.getLogger("framebus")

Encode = Callable[[Frame], list[Any]]


class Courier(Protocol):
    """Carries what lies in an outbox, in a thread of its own."""

    address: str
    """Where it listens; empty where it calls."""

    def run(self) -> None:
        """Until the outbox is stopped, or finishing and empty; then frees everything."""
        ...


class Sending:
    """Frames for a program of another system. Any thread writes; belongs to one process.

    Live frames are replaced by newer ones while the other side is slow or away, and counted in `unseen`; `write`
    waits for others. A frame is done when it was answered, or handed to the network where nobody answers.
    """

    keep: str | None = None
    group: str | None = None

    def __init__(
        self, outbox: Outbox, courier: Courier, encode: Encode, *, spec: str | None = None, lazily: bool = False
    ) -> None:
        dialect = outbox.where.partition("+")[0]
        self.where = f"{dialect}+{courier.address}" if courier.address else outbox.where
        self.listens = bool(courier.address)
        self._outbox = outbox
        self._courier = courier
        self._encode = encode
        self._spec = spec
        self._lazily = lazily
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"framebus to {outbox.where}", daemon=True)
        self._thread.start()
        owned.add(self)

    @property
    def unseen(self) -> int:
        """Frames that nobody got."""
        return self._outbox.unseen

    def write(self, item: Item, done: Done) -> None:
        """Send a frame; raises `Timeout` where it is owed and nobody took it, and `BadFrame` for packets."""
        if self._outbox.pass_over(done):
            return
        if not isinstance(item, Frame):
            raise BadFrame(f"{self.where} takes pictures, not coded video: put the op decode before it")
        letter = Letter(item, lambda: self._message(item), done)
        if not self._lazily:
            _ = letter.parts  # here, so that it costs this thread, and a frame that cannot be sent is told of here
        self._outbox.put(letter)

    def close(self) -> None:
        """Send what is owed, say that it was all where the other side can be told, free everything; idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._outbox.finish():
                self._thread.join(JOIN_S)  # the other side is being told
        finally:
            self._end("this publisher was closed: publish again to write on", JOIN_S)

    def abandon(self) -> None:
        """Stop without an end, as after a crash; idempotent."""
        self._closed = True
        self._end("this publisher was closed: publish again to write on", JOIN_S)

    def shut(self, why: str) -> None:
        """The process is ending: what was sent may still leave."""
        self._outbox.drain(LEAVE_S)
        self._end(why, EXIT_S)

    def disown(self) -> None:
        """In a forked child: this is the parent's."""
        self._outbox.disown()
        self._closed = True

    def _end(self, why: str, patience_s: float) -> None:
        self._outbox.stop(why)
        if threading.current_thread() is not self._thread:
            self._thread.join(patience_s)
        if self._thread.is_alive():
            log.warning("%s does not stop: its thread is left behind", self.where)
            return
        self._outbox.leave()
        self._outbox.bell.close()

    def _message(self, frame: Frame) -> list[Any]:
        return self._encode(frame if self._spec is None else encode_frame(frame, self._spec))

    def _run(self) -> None:
        try:
            self._courier.run()
            self._outbox.stop("it has ended")
        except zmq.ContextTerminated:
            self._outbox.stop("the process is ending")
        except Exception as error:  # whatever it is, it is raised where the next frame is written
            self._outbox.stop("it failed", error)
