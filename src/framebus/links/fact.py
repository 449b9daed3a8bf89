"""What a carrier tells of its connections."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["ready", "gone", "cut", "refused"]


class Fact(NamedTuple):
    """What an endpoint should know. `text` is for people and empty where nothing new is to be said.

    `ready` (dialler) the connection stands · `gone` it ended · `cut` (listener) it is being ended by us · `refused`
    the handshake failed; `final` when ZeroMQ may not try again by itself: unless it is `ready` soon, a new socket does.
    `connection` is the number the guard gave it; a descriptor may be another connection's by the time this is read.
    """

    kind: Kind
    descriptor: int = -1
    peer: str = ""
    text: str = ""
    final: bool = False
    connection: int = -1
