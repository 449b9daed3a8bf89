"""Programs written for imageZMQ drop senders and hubs without closing them, and make others at the same address."""

from __future__ import annotations

import threading
import weakref
from typing import Protocol


class Closable(Protocol):
    """What a sender or hub holds."""

    def close(self) -> None:
        """Free everything; idempotent."""
        ...


def close_when_forgotten(owner: object, held: Closable) -> None:
    """Close `held`, which must not refer to `owner`, once nobody refers to `owner` any more."""
    weakref.finalize(owner, _let_go, held).atexit = False


def _let_go(held: Closable) -> None:
    """In a thread of its own: the last reference may go while anything is locked."""
    threading.Thread(target=held.close, name="framebus-imagezmq-closing", daemon=True).start()
