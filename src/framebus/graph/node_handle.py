"""A node's process as its parent sees it: started, told what to do, listened to, ended."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from framebus.graph.channel import Channel, Wish
from framebus.graph.plans import Place, Plan
from framebus.pool.worker_process import import_path
from framebus.supervise.child_process import Process, interpreter

MAX_LINE_BYTES = 8192
"""A longer line of output comes in pieces."""
_ENTRY = str(Path(__file__).with_name("node_process.py"))
_PIECE = 65536
_PIECES = 16
"""Read at a time: one that prints without end leaves time for the others."""


class Node:
    """One running process. Used by one thread, which outlives it."""

    def __init__(self, plan: Plan, place: Place) -> None:
        """Start it; raises `Unavailable` where the system has no process or descriptor to spare."""
        self.plan = plan
        self.silent = False
        """True once it can print nothing any more."""
        self._partial = b""
        with ExitStack() as opened:
            ours, theirs = socket.socketpair()
            self.channel = Channel(ours, "news")
            opened.callback(self.channel.close)
            output, write = os.pipe()
            opened.callback(os.close, output)
            os.set_blocking(output, False)
            try:
                command = [*interpreter("nodes"), _ENTRY, str(theirs.fileno()), str(write), plan.key]
                with _interrupts_blocked():
                    self._process = Process.of(command, (theirs.fileno(), write), os.environ)
            finally:
                theirs.close()
                os.close(write)
            opened.pop_all()
        self.output = output
        """Readable when it printed something."""
        self.channel.send_line(_first_line(plan, place))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def descriptor(self) -> int | None:
        """Readable once it has ended; None where the system has no such thing."""
        return self._process.descriptor

    @property
    def ending(self) -> str:
        """How it ended, as the second half of a sentence."""
        return self._process.ending

    def tell(self, wish: Wish) -> None:
        """Have it do something."""
        self.channel.send(wish)

    def printed(self) -> list[str]:
        """The lines it printed since the last time."""
        try:
            for _ in range(_PIECES):
                data = os.read(self.output, _PIECE)
                self._partial += data
                self.silent = self.silent or not data
        except BlockingIOError:
            pass
        *lines, self._partial = self._partial.split(b"\n")
        if len(self._partial) > MAX_LINE_BYTES:
            lines, self._partial = [*lines, self._partial], b""
        return [line.decode(errors="replace").rstrip() for line in lines]

    def ended(self) -> bool:
        """True once it has ended; it is reaped then."""
        return self._process.ended()

    def kill(self) -> None:
        """SIGKILL: it has ended soon after."""
        self._process.strike()

    def close(self) -> list[str]:
        """Make sure that it has ended, and free everything; what it printed last."""
        self._process.kill()
        lines = [*self.printed(), *([self._partial.decode(errors="replace")] if self._partial else [])]
        self.channel.close()
        os.close(self.output)
        return lines


def _first_line(plan: Plan, place: Place) -> bytes:
    path = import_path()
    first: dict[str, Any] = {
        "parent": os.getpid(),
        "path": path if place.folder in path else [*path, place.folder],  # what lies beside the file, last of all
        "command": [*place.command, plan.key],
        "folder": place.folder,
        "debug": place.debug,
        "work": plan.work,
    }
    return msgspec.json.encode(first)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """The process inherits this: a Ctrl-C while it starts reaches nobody who is not ready."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
