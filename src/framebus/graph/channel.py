"""What a node and whoever looks after it say to each other: JSON, a line for each message, over a pair of sockets."""

from __future__ import annotations

import select
import socket
import time
from typing import Any, Literal

import msgspec

from framebus.graph.plans import Capture

MAX_WAITING_BYTES = 4_000_000
"""Of what the other side has not read yet; more than that of figures is left out."""
_PIECE = 65536


class Figures(msgspec.Struct, kw_only=True, omit_defaults=True, tag="figures"):
    """How a node is doing, or one stream of it."""

    state: str = "live"
    """`live`, `waiting`, `stalled`, `away`, `again`, `done` or `failed`."""
    why: str = ""
    rate: float = 0.0
    """Frames (or answers) per second."""
    age_s: float | None = None
    """Of the newest frame; None where nothing is live."""
    frames: int = 0
    missed: int = 0
    restarts: int = 0
    """How often it was begun again inside its process."""
    cpu: float = 0.0
    """Processor time per second, its workers' included."""
    memory: int = 0
    """Bytes held, its workers' included; what they share with others counts."""
    queue: int = 0
    """Frames that were taken and have not arrived yet, where they go to."""
    workers: int = 0
    """Processes that work for it."""
    streams: dict[str, Figures] = {}


def added(before: Figures, now: Figures) -> Figures:
    """`now`, with what was counted before."""
    return msgspec.structs.replace(
        now,
        frames=before.frames + now.frames,
        missed=before.missed + now.missed,
        streams={name: added(before.streams.get(name, Figures()), stream) for name, stream in now.streams.items()}
        or before.streams,
    )


class Ready(msgspec.Struct, tag="ready"):
    """It stands, and works."""

    links: dict[str, str] = {}
    """What people open to see it, by who they are; empty where there is nothing to see."""


class Done(msgspec.Struct, tag="done"):
    """It has done all of its work, and ends."""


class Failed(msgspec.Struct, kw_only=True, tag="failed"):
    """It cannot go on, and ends."""

    why: str
    hopeless: bool = False
    """Starting it again would end the same way."""
    exit_code: int = 1
    """What a command that did this alone would end with."""


class Stop(msgspec.Struct, tag="stop"):
    """Finish what was begun, and end."""


class Change(msgspec.Struct, tag="change"):
    """Capture these streams from now on."""

    work: Capture


class Look(msgspec.Struct, tag="look"):
    """How the whole system is, for the page to show."""

    system: msgspec.Raw
    """JSON."""


News = Figures | Ready | Done | Failed
"""What a node says."""
Wish = Stop | Change | Look
"""What it is told."""


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "news": msgspec.json.Decoder(News),
    "wishes": msgspec.json.Decoder(Wish),
}


class Channel:
    """One end. Never waits; used by one thread, or under a lock."""

    def __init__(self, end: socket.socket, kind: Literal["news", "wishes"], before: bytes = b"") -> None:
        """`kind` is what comes in here; `before` what has been read of it already."""
        end.setblocking(False)
        self._socket = end
        self._decoder = _DECODERS[kind]
        self._incoming = before
        self._outgoing = b""
        self.ended = False
        """True once the other end is gone."""

    def fileno(self) -> int:
        """Readable when something came, or the other end has gone."""
        return self._socket.fileno()

    @property
    def waiting(self) -> bool:
        """True while something is on its way out that has not left yet."""
        return bool(self._outgoing)

    def send(self, message: News | Wish) -> None:
        """Say it, in its turn."""
        if isinstance(message, Figures) and len(self._outgoing) > MAX_WAITING_BYTES:
            return
        self.send_line(msgspec.json.encode(message))

    def send_line(self, line: bytes) -> None:
        """Say what is JSON already."""
        self._outgoing += line + b"\n"
        self.flush()

    def flush(self) -> None:
        """Let go out what can."""
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._socket.send(self._outgoing) :]
        except BlockingIOError:
            return
        except OSError:  # nobody is there any more
            self._outgoing, self.ended = b"", True

    def drain(self, limit_s: float) -> None:
        """Wait until all is out, at most `limit_s`."""
        limit = time.monotonic() + limit_s
        while self._outgoing and (rest_s := limit - time.monotonic()) > 0:
            select.select([], [self._socket], [], rest_s)
            self.flush()

    def received(self) -> list[Any]:
        """What came since the last time; what is no message is left out."""
        self._read()
        *lines, self._incoming = self._incoming.split(b"\n")
        return [message for line in lines if (message := self._decoded(line)) is not None]

    def _read(self) -> None:
        try:
            while data := self._socket.recv(_PIECE):
                self._incoming += data
            self.ended = True
        except BlockingIOError:
            return
        except OSError:
            self.ended = True

    def _decoded(self, line: bytes) -> Any:
        try:
            return self._decoder.decode(line)
        except msgspec.MsgspecError:
            return None

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
